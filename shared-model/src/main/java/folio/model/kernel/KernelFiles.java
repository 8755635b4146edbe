package folio.model.kernel;

import folio.runtime.cuda.Nvrtc;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the sources of kernels from the class path. */
public final class KernelFiles {
  /** The headers that all kernels may include. */
  public static final List<String> SHARED = List.of("mma.cuh", "ptx.cuh", "wgmma.cuh");

  private KernelFiles() {}

  /**
   * Returns a program with its headers and the shared ones. The compiler finds no others.
   *
   * @param beside a Java class in the package of the files
   * @param main the file name of the program
   * @param headers the file names of its headers
   * @throws UncheckedIOException if the class path lacks a file
   */
  public static Nvrtc.Program program(Class<?> beside, String main, List<String> headers) {
    SortedMap<String, String> texts = new TreeMap<>();
    for (String header : headers) {
      texts.put(header, read(beside, header));
    }
    for (String header : SHARED) {
      texts.put(header, read(KernelFiles.class, header));
    }
    return new Nvrtc.Program(main, read(beside, main), texts);
  }

  private static String read(Class<?> beside, String file) {
    try (InputStream in = beside.getResourceAsStream(file)) {
      if (in == null) {
        throw new FileNotFoundException("the class path has no " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
