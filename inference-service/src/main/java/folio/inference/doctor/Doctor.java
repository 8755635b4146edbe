package folio.inference.doctor;

import ai.djl.util.Utils;
import folio.model.storage.FileCache;
import folio.model.storage.LocaleCharset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A command that says what Folio found on this machine and what is missing: Java, locale, folders,
 * libtorch, GPU and decoder. Its exit code is 1 if something is missing.
 */
public final class Doctor {
  private static final int GIB = 1 << 30;

  private Doctor() {}

  /** Prints the report on standard output, and exits. */
  public static void main(String[] arguments) {
    System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
    Locale.setDefault(Locale.ROOT);
    LocaleCharset.writeUtf8();
    Report report = examine(System.getenv());
    System.out.println(report);
    System.exit(report.isComplete() ? 0 : 1);
  }

  /** Examines the machine, with a process's environment variables. */
  static Report examine(Map<String, String> environment) {
    Report report = new Report();
    Runtime java = Runtime.getRuntime();
    report.found(
        "Machine",
        String.format(
            "%s %s, %d cores, Java's heap up to %.1f GiB",
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            java.availableProcessors(),
            (double) java.maxMemory() / GIB));
    report.found(
        "Java", System.getProperty("java.vm.version") + ", " + System.getProperty("java.home"));
    addCharset(report);
    // Need not be written if the engine is in it, as in an image; EngineReport says if it is not.
    report.found("Engine cache", Utils.getCacheDir() + " (DJL_CACHE_DIR)");
    report.section(
        "Folio's cache",
        () -> addFolder(report, "Folio's cache", FileCache.folderOf(environment), "FOLIO_CACHE"));
    addFolder(
        report, "Temporary", Path.of(System.getProperty("java.io.tmpdir")), "-Djava.io.tmpdir");
    new EngineReport(report, environment).add();
    return report;
  }

  private static void addCharset(Report report) {
    String charset = System.getProperty("sun.jnu.encoding");
    if (charset.equalsIgnoreCase("UTF-8")) {
      report.found("Charset", charset);
    } else {
      report.missing(
          "Charset",
          charset + ", so arguments and paths must be ASCII",
          "set LC_ALL=C.UTF-8, or use ./folio");
    }
  }

  /** Adds a folder that the service writes to. */
  private static void addFolder(Report report, String name, Path folder, String variable) {
    Path existing = folder.toAbsolutePath();
    while (Files.notExists(existing)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      report.missing(
          name,
          folder + ", which cannot be written",
          "set " + variable + " to a folder that can be written");
      return;
    }
    try {
      double free = (double) Files.getFileStore(existing).getUsableSpace() / GIB;
      report.found(name, String.format("%s (%s), %.1f GiB free", folder, variable, free));
    } catch (IOException e) {
      report.missing(
          name, folder + ": " + e.getMessage(), "set " + variable + " to another folder");
    }
  }
}
