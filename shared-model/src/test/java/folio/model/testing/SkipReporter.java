package folio.model.testing;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/**
 * A listener that prints a line with the reason for each class with skipped tests. It writes to the
 * process's standard error, since the output of tests goes to files.
 */
public final class SkipReporter implements TestExecutionListener {
  private final PrintStream err =
      new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
  private final Set<String> printed = new HashSet<>();

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    print(test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
      print(test, result.getThrowable().map(Throwable::getMessage).orElse(""));
    }
  }

  private synchronized void print(TestIdentifier test, String reason) {
    String why = reason.replaceFirst("^Assumption failed: ", "");
    String line = "skipped: " + className(test) + ", " + why.lines().findFirst().orElse("");
    if (printed.add(line)) {
      err.println(line);
    }
  }

  private static String className(TestIdentifier test) {
    return test.getSource()
        .map(
            source -> {
              if (source instanceof MethodSource method) {
                return method.getClassName();
              }
              return source instanceof ClassSource type
                  ? type.getClassName()
                  : test.getDisplayName();
            })
        .map(name -> name.substring(name.lastIndexOf('.') + 1))
        .orElse(test.getDisplayName());
  }
}
