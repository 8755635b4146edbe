package folio.inference.benchmark;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code soak}. */
@Command(name = "soak", mixinStandardHelpOptions = true)
final class SoakCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return 0;
  }
}
