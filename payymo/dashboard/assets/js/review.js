// The review screen. Everything it does also works as plain pages and forms; this makes it fast.
import { startDeciding } from "./review/decide.js";
import { startFind } from "./review/find.js";
import { startQueue } from "./review/queue.js";
import { startSigningIn } from "./review/signing_in.js";
import { startSplit } from "./review/split.js";
import { startStatus } from "./review/status.js";
import { startUndoBar } from "./review/undo.js";

if (document.getElementById("pm-review")) {
  startQueue();
  startDeciding();
  startUndoBar();
  startFind();
  startSplit();
  startSigningIn();
  startStatus();
}
