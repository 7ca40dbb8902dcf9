/** Help text of `koalarize train`. */
import { INCEPTION_DETAILS_HELP } from '../shared/inception.ts';

export const HELP = `koalarize train – trains the network on a folder of color photographs

  koalarize train DIR… [options]
  koalarize train --resume [--out RUN]
  koalarize train --join RUN --queue URL

Every photograph below the folders is used, except grey, damaged and repeated ones (counted), GIF, SVG and sheets of runs.
A tenth, chosen by each file's content, is kept for validation. Ctrl-C saves and ends; --resume goes on from there.
DIR may be archives of photographs instead (.tar, or a folder of them), as WebDataset has them: for sets that are too large to
be looked at first. Grey and damaged ones are then passed over, repeated ones are not noticed, and maps are not kept on disk.

What to train
  --val DIR            validate on this folder, and train on all of DIR; may be repeated
  --size N             pixels a side of the squares it learns from, a multiple of 8, and of the cells of maps (224)
  --batch N            pictures a step (100)
  --seed N             seed of the first weights, the order and the crops (1)
  --init FILE          begin with these weights; those of a narrower network (--width-divisor) are widened,
                       and those of a network that was widened are narrowed again
  --width-divisor N    a network with 1/N of the channels, for experiments: 1, 2, 4, 8, 16 or 32 (1)
  --encoder DEPTH      paper: all eight layers; short: five, for networks that are conditioned on feature maps, which know more
                       than the other three would learn (paper)
  --precision P        f32 (default), or f16: products of float16 with float32 sums, for GPUs that have it; the loss is
                       scaled meanwhile, and steps in which a gradient overflows are left out

How to train
  --preset NAME        where the rest of this group begins: default (in brackets here), or paper: a constant rate, no
                       warm-up, no average, no clipping; and no extractor unless one is named
  --lr X               learning rate of Adam (0.001)
  --lr-decay KIND      constant, or cosine: falls to 1 % over the run (cosine)
  --warmup N           steps in which the rate rises from 0 (100, but at most a twentieth of the run)
  --ema D              validate and keep the weights' moving average, with this decay; 0: the last weights (0.998)
  --clip-norm X        scale gradients down whose norm, all together, is above X; 0: never (1)
  --rebalance L        weigh rare colors more: pixels by 1 / ((1 - L) p + L / Q), with p the share of their color in
                       the pictures; 0: all alike, and else the nearer to 0 the stronger. 0.5 is Zhang's (0)
  --temperature T      learn classes of color by their cross-entropy, and answer with their annealed mean: at 1 the mean,
                       towards 0 the likeliest. Decided colors where regression gives their mean; 0: regression (0)
  --chroma-scale X     learn colors X times as strong as they are (1)
  --pad KIND           none: random crops; white: as in the paper, whole pictures between bars that do not count (none)
  --lightness KIND     what the network sees: luma, of the grey-scaled picture; lab, L* of the colors (luma)
  --orthochromatic P   show this share of the pictures as early film saw them, which was blind to red: from hardly to
                       wholly, at random. Plants and skin are darker there, skies brighter (0)
  --tone P             show this share of the pictures lighter or darker (gamma 0.55 to 1.8) and faded, at random, as old
                       prints and their scans are; the colors to learn stay (0)
  --wear P             show this share of the further --views with grain, dust, scratches and borders, as old prints have (0)

The feature extractor (the one that comes with the package, unless another is named)
  --extractor FILE     a picture classifier as an ONNX file, which takes pictures of any size. none: colors are conditioned
                       on a learned constant alone. Each picture is shown to it once, and so is its mirror image; what
                       it says is kept on disk (some 300 kB a picture at --size 128)
  --maps A,B…          which of its values the colors are conditioned on, place by place: maps aligned with the picture, of strides
                       8, 16, 32… (stride8,stride16,stride32 of the package's)
  --extractor-scale N  how much larger it sees the picture, along a side, than the network: 1, 2, 4 or 8 (what brings
                       --size nearest to 256)
  --views N            show each picture in N ways, one at a time: as it is, and N - 1 times enlarged by up to a quarter and
                       with --orthochromatic, --tone and --wear, so that the maps see that too; each is kept on disk (1)
                       Of a classifier that takes squares of one size (--inception-size), such as Inception-ResNet-v2, maps
                       may be named too: the picture is squeezed, and they are spread over it again
  --inception FILE     without --maps: one vector for each picture, as in the paper: the answer of a classifier such as
                       Inception-ResNet-v2 to the whole picture
${INCEPTION_DETAILS_HELP}  --embedding-cache D  where that is kept, for several runs to share (embeddings/ in the run's folder)
  --shard I/N          compute only that, of one of N shares of the pictures, I from 0, into --embedding-cache, and train
                       nothing: N processes do it all, and the training with the same options then finds it there

How long (default: --epochs 40)
  --epochs N           times that each picture is seen
  --steps N            batches
  --minutes M          wall time of this call; may be given beside --epochs or --steps: the first to come ends it.
                       With minutes alone, cosine follows the clock, and so no two runs are equal

The run
  --out RUN            folder of the run (runs/DATE_TIME); with --resume, the run to go on with (the newest in runs/)
  --resume             go on from the newest whole checkpoint, with the settings of the run, to the bit as if never stopped.
                       --epochs, --steps, --minutes may extend it: the cosine then falls to the new end, from a rate that
                       is higher again; DIR may be given where the pictures have moved
  --allow-changed-data go on although the pictures are not the same
  --checkpoint-every M minutes between checkpoints (10); the newest three are kept
  --val-every N        steps between validations (each epoch, but at least 50 steps)
  --val-count N        pictures that are validated on, at most (200)

On several devices, of one machine or of many that share the folders (docs/training.md, Several machines)
  --queue URL          share the run out, round by round, by way of a server: redis://[:PASSWORD@]HOST:PORT or
                       postgres://USER[:PASSWORD]@HOST/DATABASE. This process trains shares, and so does each that joins; with
                       --resume too. Needs the package bullmq, and ioredis or pg: npm install bullmq ioredis
  --shares N           shares of a round: as many as there are devices. --batch is what each sees in a step; --steps, --epochs and
                       the learning rate count the batches of all
  --local-steps H      steps of a share from one mean of all to the next; 1: the mean after each step (100)
  --outer KIND         none: the mean as it is; R,M: what a round has changed, times R, with Nesterov momentum M over rounds;
                       diloco: 0.7,0.9, as its authors have it (none)
  --join RUN           train shares of the run in this folder until it ends: a process for each other device. Settings are the
                       run's; --adapter, --cache and --lock are this machine's
  --lock SECONDS       after so long without a sign of life a process's share is given to another: longer than a step takes (60)

The machine
  --adapter A          auto, hardware, software, bundled, or part of a name: see 'koalarize devices'
  --tune               measure which algorithms are the fastest on this device, and remember them for later runs. A run
                       that began with it goes on with it, to the bit as long as they are remembered
  --verbose            print dispatches and memory plan of what is compiled
  --micro-batch N      pictures that go through the network together; divides --batch (what fits the device)
  --cache MB           memory for decoded pictures (a quarter of the machine's)
                       Set UV_THREADPOOL_SIZE=16 to decode with more than 4 threads

Examples
  koalarize train photos/
  koalarize train photos/ --size 64 --batch 16 --steps 2000 --out runs/small
  koalarize train --out runs/small --resume --steps 5000
  koalarize train train2017/ --val val2017/ --epochs 40 --rebalance 0.5
  koalarize train photos/ --out runs/a --queue redis://10.0.0.5:6379 --shares 4
  koalarize train --join runs/a --queue redis://10.0.0.5:6379 --adapter NVIDIA
  koalarize train photos/ --inception inception_resnet_v2.onnx --embedding-cache embeddings/
  koalarize old.jpg -o new.jpg --weights runs/small/weights.safetensors

A run's folder holds config.json, log.jsonl (one line a step: loss, images/s, learning rate, time; and the validations
beside what 'all grey' and 'one color' score), loss.svg, sheets/ (grey, output, truth), checkpoints/,
weights.safetensors, embeddings/; with --queue, a line, a checkpoint and rounds/ for each round.
Exit code: 0 done or interrupted, 1 failed, 2 wrong usage.
`;
