#!/usr/bin/env node
import { endOnClosedPipe } from './shared/messages.ts';
import { train } from './train/index.ts';

endOnClosedPipe();
process.exit(await train(process.argv.slice(2)));
