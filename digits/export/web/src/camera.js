// The camera: what it sees is read, frame after frame, until a tap keeps it as a picture, or it is left. Its frames go
// to the page's worker and nowhere else. Browsers give a camera to pages from https or localhost; Chromium also to one
// that is opened from a file.

import { find, nextFrame, offscreen, onClick, write } from "./elements.js";
import { held } from "./held.js";
import { takePicture } from "./input.js";
import { EMPTY, reader, state } from "./state.js";
import { finish, readPad, say } from "./view.js";
import { ask } from "./workers.js";

const [SIDE] = held.constants.picture.WORKING; // pixels of a frame that is read
const STEADY = 1000; // milliseconds that an answer lasts before it is said, since screen readers speak it
const POINT = "Point the camera at digits. What it sees stays in this page.";
/** Why there is none, by the browser's errors. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "The camera was refused. Allow it in the browser’s settings for this page.",
  NotFoundError: "There is no camera here. Choose a picture instead.",
  NotReadableError: "The camera is in use elsewhere, or switched off.",
  TypeError: "The browser gives this page no camera: it needs https.", // no mediaDevices
};
const keeper = find("keep", HTMLElement), camera = find("camera", HTMLElement);
const video = /** @type {HTMLVideoElement} */ (keeper.querySelector("video"));
let live = /** @type {Drawing | null} */ (null); // what the camera sees, from when it is asked for
let before = EMPTY; // what was on the pad
let answer = "?", since = Infinity; // the last one, and since when it is to be said

/** Lets a button open the camera, and much else leave it. */
export function offerCamera() {
  onClick("camera", () => (live ? leave() : open()));
  onClick("keep", keep);
  keeper.addEventListener("pointerdown", (event) => event.stopPropagation()); // or a stroke would begin
  addEventListener("shown", () => {
    video.classList.toggle("behind", state.looked?.[0] === 1); // the pad shows weights
    if (!keeper.hidden && state.drawing !== live) close(); // something else came onto the pad
  });
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());
}

async function open() {
  const mine = /** @type {Drawing} */ ({ ...EMPTY, aim: [0.5, 0.5] });
  live = mine;
  camera.ariaPressed = "true";
  say("Allow the camera. What it sees stays in this page.");
  try {
    const wishes = { facingMode: { ideal: "environment" }, height: { ideal: 720 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wishes });
    if (live !== mine) return stop(stream);
    video.srcObject = stream;
    stream.getVideoTracks()[0].addEventListener("ended", leave); // as when it is unplugged
    await video.play();
  } catch (error) {
    if (live !== mine) return;
    close();
    return say(REASONS[/** @type {Error} */ (error).name] ?? "The camera cannot be opened.");
  }
  before = state.drawing;
  Object.assign(state, { drawing: mine, pen: null });
  [answer, since] = ["?", Infinity];
  toggle(true);
  keeper.focus({ preventScroll: true });
  finish();
  say(POINT);
  for (; live === mine; await nextFrame()) await readFrame(mine);
}

/** Reads what the camera sees, and says the answer once it is steady. @param {Drawing} mine */
async function readFrame(mine) {
  const picture = frame(SIDE), { digits, refusal } = await ask({ picture, ...reader(), quick: true });
  if (live !== mine) return;
  mine.picture?.close();
  Object.assign(mine, { picture, digits, refusal });
  readPad();
  const now = Array.from(find("digit", HTMLElement).children, (line) => line.textContent).join(", ");
  if (now !== answer) {
    [answer, since] = [now, performance.now()];
    write("said", "");
  } else if (performance.now() - since > STEADY) {
    since = Infinity;
    say(/\d/.test(now) ? `It reads ${now}.` : POINT);
  }
}

/** The square in the middle of what the camera sees, of at most so many pixels a side. */
function frame(most = Infinity) {
  const { videoWidth: width, videoHeight: height } = video, all = Math.min(width, height), side = Math.min(all, most);
  const context = offscreen(side, side);
  context.imageSmoothingQuality = "high";
  context.drawImage(video, (width - all) / 2, (height - all) / 2, all, all, 0, 0, side, side);
  return context.canvas.transferToImageBitmap();
}

/** Keeps what the camera sees, as a picture that was opened. */
function keep() {
  const picture = frame();
  close();
  takePicture(picture);
}

function leave() {
  if (!live) return;
  close();
  finish();
}

/** Switches the camera off; undo and redo bring nothing of it. */
function close() {
  stop(/** @type {MediaStream | null} */ (video.srcObject));
  video.srcObject = null;
  for (const moment of [state, ...state.past, ...state.future]) {
    if (moment.drawing === live) moment.drawing = before;
  }
  live = null;
  camera.ariaPressed = "false";
  if (keeper === document.activeElement) camera.focus({ preventScroll: true });
  toggle(false);
}

/** @param {MediaStream | null} stream */
const stop = (stream) => stream?.getTracks().forEach((track) => { track.stop(); });

/** Puts the video over the pad, or takes it away. @param {boolean} filming */
function toggle(filming) {
  keeper.hidden = !filming;
  find("boxes", HTMLElement).inert = filming; // a tap goes through them
  document.body.classList.toggle("filming", filming);
}
