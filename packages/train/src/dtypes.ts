/** The types of variables, and what safetensors calls them. */
export const DTYPES: Record<string, string | undefined> = {
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
};
