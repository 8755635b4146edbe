package folio.trainer.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A canvas that becomes a PNG: black text on white. */
final class BitmapCanvas implements Canvas {
  private static final float[] DASHES = {5, 4};
  private static final Color GRID = new Color(0xdddddd);

  private final BufferedImage image;
  private final Graphics2D graphics;

  /** Creates a white canvas of the given size in pixels. */
  BitmapCanvas(int width, int height) {
    this.image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    this.graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
  }

  @Override
  public void gridLine(double x1, double y1, double x2, double y2) {
    graphics.setColor(GRID);
    graphics.setStroke(new BasicStroke(1));
    graphics.draw(new Line2D.Double(x1, y1, x2, y2));
  }

  @Override
  public void curve(Pen pen, double[] xs, double[] ys) {
    Path2D path = new Path2D.Double();
    path.moveTo(xs[0], ys[0]);
    for (int i = 1; i < xs.length; i++) {
      path.lineTo(xs[i], ys[i]);
    }
    graphics.setColor(new Color(pen.rgb()));
    graphics.setStroke(
        pen.dashed()
            ? new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, DASHES, 0)
            : new BasicStroke(2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(path);
  }

  @Override
  public void text(String text, double x, double y, Anchor anchor) {
    double start =
        switch (anchor) {
          case START -> x;
          case MIDDLE -> x - width(text) / 2;
          case END -> x - width(text);
        };
    graphics.setColor(Color.BLACK);
    graphics.drawString(text, (float) start, (float) y);
  }

  @Override
  public double width(String text) {
    return graphics.getFontMetrics().stringWidth(text);
  }

  /** Returns the picture as PNG. */
  byte[] png() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
