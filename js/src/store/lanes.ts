// Where the line of a unit is in its lane, for the chart and for who pulls at it.

/** Its name, above, where there are several. */
export const LANE_HEAD = 14;
/** What stays free above and below it. */
export const PAD = 5;
