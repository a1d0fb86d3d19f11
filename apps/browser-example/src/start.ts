import { serve } from "./serve.ts";

const { url } = await serve(8080);
console.log(`Open ${url} (or ${url}?device=webgpu); Ctrl-C ends.`);
