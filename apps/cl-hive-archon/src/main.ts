import { plugin } from './plugin.ts';

plugin.run();
