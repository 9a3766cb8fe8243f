import type { Endpoint } from '../endpoint.js';
import { health } from './health.js';
import { quests } from './quests.js';
import { radar } from './radar.js';
import { weekly } from './weekly.js';

/** Every endpoint, in the order of the documentation. */
export const endpoints: readonly Endpoint[] = [weekly, quests, radar, health];
