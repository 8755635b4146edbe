package folio.trainer.run;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A text that a small network learns quickly. */
final class ArithmeticText {
  /** 900 lines such as "16 times 2 is 32". */
  static final String LINES =
      IntStream.range(0, 900)
          .mapToObj(i -> i + " times " + i % 7 + " is " + i * (i % 7) + "\n")
          .collect(Collectors.joining());

  private ArithmeticText() {}
}
