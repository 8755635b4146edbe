package folio.trainer.report;

/** A surface that a chart draws on, in pixels from its upper left corner. */
interface Canvas {
  /** The position of a text relative to its point. */
  enum Anchor {
    /** The text begins at the point. */
    START,
    /** The text is centred on the point. */
    MIDDLE,
    /** The text ends at the point. */
    END
  }

  /**
   * How a line is drawn.
   *
   * @param rgb the colour, 0xRRGGBB
   */
  record Pen(int rgb, boolean dashed) {}

  /** Draws a thin grey line. */
  void gridLine(double x1, double y1, double x2, double y2);

  /** Draws a line through points; both arrays have one length. */
  void curve(Pen pen, double[] xs, double[] ys);

  /** Draws a text on the baseline y. */
  void text(String text, double x, double y, Anchor anchor);

  /** Returns the width of a text. */
  double width(String text);
}
