#!/usr/bin/env node
import { train } from './train.ts';

process.exit(await train(process.argv.slice(2)));
