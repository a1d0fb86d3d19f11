"""Checks ONNX files: by ONNX's own checker and shape inference, and by running them in onnxruntime.

    python tooling/reference/check_onnx.py FOLDER

For each NAME.onnx in the folder there are NAME.<anything>.values.safetensors: tensors `in.<name>` for the inputs, and
`out.<name>` for what the outputs must be, to 1e-4 of their largest value or of 1. Prints one JSON object a model, and
ends with code 1 if one of them fails. The tests of tooling/exports write such a folder.

Needs numpy, onnx, onnxruntime and safetensors.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def check(path: pathlib.Path) -> dict:
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    assert {(o.domain, o.version) for o in model.opset_import} == {("", 21)}, model.opset_import
    inferred = onnx.shape_inference.infer_shapes(
        onnx.load(str(path), load_external_data=False), strict_mode=True, data_prop=True
    )
    assert len(inferred.graph.output) == len(model.graph.output)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    files = sorted(path.parent.glob(path.stem + ".*.values.safetensors"))
    assert files, "no values to run it on"
    worst = 0.0
    for file in files:
        values = load_file(file)
        feeds = {k[3:]: v for k, v in values.items() if k.startswith("in.")}
        wanted = {k[4:]: v for k, v in values.items() if k.startswith("out.")}
        for (name, want), got in zip(wanted.items(), session.run(list(wanted), feeds)):
            assert got.shape == want.shape, f"{file.name}: {name} is {got.shape}, not {want.shape}"
            scale = max(1.0, float(np.abs(want).max()))
            worst = max(worst, float(np.abs(got.astype(np.float64) - want).max()) / scale)
    assert worst <= 1e-4, f"an error of {worst}"
    return {
        "worst": worst,
        "nodes": len(model.graph.node),
        "weights": [i.name for i in model.graph.initializer],
    }


def main() -> None:
    failed = False
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
        try:
            result = check(path)
        except Exception as error:  # one bad model must not hide the others
            failed = True
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"model": path.stem, **result}))
    sys.exit(1 if failed else 0)


main()
