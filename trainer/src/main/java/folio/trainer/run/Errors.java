package folio.trainer.run;

import ai.djl.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.regex.Pattern;

/** One-line messages for the errors that end a command. */
public final class Errors {
  private static final String LESS_MEMORY = "lower --hidden-size, --layers, --batch or --length";

  /** How libtorch words that memory is used up, on a GPU and on the host. */
  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile("out of memory|allocate memory|not enough memory", Pattern.CASE_INSENSITIVE);

  private Errors() {}

  /** Returns one line that says what went wrong and, where that is known, what to do about it. */
  public static String describe(Throwable error) {
    if (error.getClass().getName().startsWith("folio.")) {
      return error.getMessage(); // written for the user
    }
    if (error instanceof UncheckedIOException unchecked) {
      return describe(unchecked.getCause());
    }
    if (error instanceof AccessDeniedException denied) {
      return denied.getFile() + " cannot be read or written; check its permissions";
    }
    if (error instanceof FileSystemException file) {
      return file.getFile()
          + ": "
          + (file.getReason() == null ? file.toString() : file.getReason());
    }
    if (error instanceof OutOfMemoryError) {
      return "there is not enough memory; " + LESS_MEMORY + ", or give Java more with -Xmx";
    }
    if (error instanceof EngineException) {
      String firstLine = String.valueOf(error.getMessage()).lines().findFirst().orElse("");
      return "the engine failed: " + firstLine + (isOutOfMemory(error) ? "; " + LESS_MEMORY : "");
    }
    if (error instanceof IOException) {
      return error.getMessage();
    }
    return "this is a bug, please report it: " + error;
  }

  /** Returns whether an error means that memory ran out, on the host or on a GPU. */
  public static boolean isOutOfMemory(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof OutOfMemoryError || OUT_OF_MEMORY.matcher(message).find()) {
        return true;
      }
    }
    return false;
  }
}
