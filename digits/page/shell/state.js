// What the page shows, and how one goes on and back.

import { heldNetwork } from "../held.js";

const MOST = 50; // moments that are remembered, since a lesson makes a network of megabytes

/** @type {Drawing} */
export const EMPTY = { strokes: [], picture: null, digits: null };

/** Its parts are never changed in place, but for a stroke that is being drawn, what is read, and how a lesson ends.
 * Layers never are: workers keep them, and so are the activations that they give. @type {State} */
export const state = {
  drawing: EMPTY,
  network: heldNetwork(),
  past: [],
  future: [],
  pen: null,
  digits: [],
  outputs: [],
  chosen: 0,
  looked: null,
  flash: null,
  teaching: false,
  unsaved: false,
  reading: false,
  worker: null,
};

/** What reads the pad: the network that is shown. @type {() => Reader} */
export const reader = () => ({ layers: state.network.layers, team: state.network.team });

/** @type {() => Moment} */
const moment = () => ({ drawing: state.drawing, network: state.network });

/** Goes on with another drawing or network. A pen that is down is lifted: its stroke belongs to the moment before.
 * @type {(next: Partial<Moment>) => void} */
export function change(next) {
  state.past = [...state.past, moment()].slice(-MOST);
  Object.assign(state, { future: [], pen: null }, next);
}

/** Goes back to the past, which is undo, or forth to the future, if there is one. While a network is trained, only the
 * drawing changes. @param {"past" | "future"} where */
export function travel(where) {
  const next = state[where].pop();
  const { network } = state;
  if (!next) return;
  state[where === "past" ? "future" : "past"].push(moment());
  Object.assign(state, { pen: null }, next, state.worker ? { network } : {});
}
