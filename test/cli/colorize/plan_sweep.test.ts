/** Plans for many more trees and calls than plan.test.ts tries. */
import { test } from 'vitest';
import { anyTree } from '../../support/any_tree.ts';

test.each(Array.from({ length: 160 }, (_, i) => 40 + i))('any tree, any call: seed %i', anyTree);
