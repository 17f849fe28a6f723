// Starts each part on the pages that have a place for it.
import { startCopying } from "./copying.js";
import { startDropping } from "./dropping.js";
import { startKeyboard } from "./keyboard.js";
import { startLiving } from "./living.js";
import { startOpening } from "./opening.js";
import { startPainting } from "./painting.js";
import { startScrolling } from "./scrolling.js";
import { startSelecting } from "./selecting.js";
import { startToasts } from "./toasts.js";
import { startUploading } from "./uploading.js";
import { startViewing } from "./viewing.js";
import { startZones } from "./zones.js";

startZones();
startToasts();
startOpening();
startCopying();
startPainting();
startUploading();
startDropping();
startSelecting();
startScrolling();
startLiving();
startViewing();
startKeyboard();
