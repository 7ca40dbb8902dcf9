#!/usr/bin/env node
import { endOnClosedPipe } from './messages.ts';
import { train } from './train.ts';

endOnClosedPipe();
process.exit(await train(process.argv.slice(2)));
