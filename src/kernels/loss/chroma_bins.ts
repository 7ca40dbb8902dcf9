/**
 * Classes of color: bins of a* and b*, each centered on multiples of 10 (Zhang, Isola and Efros 2016, section 2.1). The
 * class of bin i along a* and j along b* is i * BINS + j.
 */

/** Units of a* and b*. */
export const BIN = 10;
/** Bins a side: the centers −110 … 110 hold all of sRGB (a* −86 … 98, b* −108 … 95). */
export const BINS = 23;
/** The network's unit of a* and b*. */
const CHROMA_UNIT = 127;

/** Bins for each unit of the network's chroma. */
export const BINS_PER_UNIT = CHROMA_UNIT / BIN;
