package folio.trainer.run;

import ai.djl.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;

/** One line for errors that are not ours. */
public final class Errors {
  private Errors() {}

  public static String describe(Throwable error) {
    if (error instanceof UncheckedIOException unchecked) {
      return describe(unchecked.getCause());
    }
    if (error instanceof AccessDeniedException denied) {
      return denied.getFile() + " may not be written or read; check its permissions";
    }
    if (error instanceof FileSystemException file) {
      return file.getFile()
          + ": "
          + (file.getReason() == null ? file.toString() : file.getReason());
    }
    if (error instanceof OutOfMemoryError) {
      return "there is not enough memory; lower --hidden-size, --layers, --batch or --length, or give"
          + " Java more with -Xmx";
    }
    if (error instanceof EngineException) {
      String firstLine = String.valueOf(error.getMessage()).lines().findFirst().orElse("");
      return "the engine failed: "
          + firstLine
          + "; if it ran out of memory, lower --hidden-size, --layers, --batch or --length";
    }
    if (error instanceof IOException) {
      return error.getMessage();
    }
    return "this should not happen, please report it: " + error;
  }
}
