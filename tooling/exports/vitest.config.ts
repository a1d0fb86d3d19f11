export { default } from "@gen/config/vitest";
