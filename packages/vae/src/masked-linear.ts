export { MaskedLinear } from "@gen/nn";
