import { accessSync } from "node:fs";

const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Where Chromium or Chrome lies: the environment variable CHROMIUM, else one of the usual places. */
export const chromium: string | undefined = [process.env["CHROMIUM"] ?? "", ...usual].find(
  (path) => {
    try {
      accessSync(path);
      return path !== "";
    } catch {
      return false;
    }
  },
);
