// All stops by name, in the order of the tour. A new stop is a file in this folder, and a line and its name here.

import { backflow } from "./backflow.js";
import { bits } from "./bits.js";
import { cost } from "./cost.js";
import { descent } from "./descent.js";
import { epoch } from "./epoch.js";
import { features } from "./features.js";
import { gate } from "./gate.js";
import { neuron } from "./neuron.js";
import { nonsense } from "./nonsense.js";
import { pixels } from "./pixels.js";
import { sigmoid } from "./sigmoid.js";
import { votes } from "./votes.js";

/** @type {Record<string, Stop>} */
export const STOPS = {
  pixels, neuron, gate, sigmoid, votes, bits, cost, descent, backflow, epoch, features, nonsense,
};
