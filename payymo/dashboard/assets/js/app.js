// Every signed-in page: fragments, theme, sidebar, keys, file drop.
import "./htmx-events.js";
import { startKeys } from "./keys.js";
import { startSidebar } from "./sidebar.js";
import { startTheme } from "./theme.js";
import { startUploads } from "./upload.js";

startTheme();
startSidebar();
startKeys();
startUploads();
