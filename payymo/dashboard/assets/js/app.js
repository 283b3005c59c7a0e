// Every page: fragments, theme, sidebar, keys, passkeys, file drop, logos, forms sent once, copying and printing, figures
// that refresh.
import "./htmx-events.js";
import { startControls } from "./controls.js";
import { startKeys } from "./keys.js";
import { startLogos } from "./logos.js";
import { startOnce } from "./once.js";
import { startPalette } from "./palette.js";
import { startPasskeys } from "./passkey.js";
import { startRefresh } from "./refresh.js";
import { startSidebar } from "./sidebar.js";
import { startTheme } from "./theme.js";
import { startUploads } from "./upload.js";

startControls();
startTheme();
startSidebar();
startKeys();
startLogos();
startOnce();
startPalette();
startPasskeys();
startRefresh();
startUploads();
