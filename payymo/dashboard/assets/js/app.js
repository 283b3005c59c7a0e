// Every signed-in page: fragments, theme, sidebar, keys, passkeys, file drop, figures that refresh.
import "./htmx-events.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startPasskeys } from "./passkey.js";
import { startRefresh } from "./refresh.js";
import { startSidebar } from "./sidebar.js";
import { startTheme } from "./theme.js";
import { startUploads } from "./upload.js";

startTheme();
startSidebar();
startKeys();
startPalette();
startPasskeys();
startRefresh();
startUploads();
