package folio.trainer.corpus;

import folio.model.storage.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A text at an address.
 *
 * @param address the address
 * @param sha256 the digest that the text must have; null for any text
 */
record WebText(URI address, String sha256) {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

  /** The time limit of a download. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  private static final int OK = 200;
  private static final int NOT_MODIFIED = 304;

  /** The number of bytes at the beginning of a page in which its first tag must be. */
  private static final int BEGINNING = 1024;

  private static final String BLANK_OR_COMMENT = "\\A(?:\ufeff|\\s|<!--.*?-->|<\\?xml.*?>)*";
  private static final Pattern PAGE =
      Pattern.compile(
          BLANK_OR_COMMENT + "<(?:!doctype\\s+html|html|head|body)\\b",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern TAG =
      Pattern.compile(BLANK_OR_COMMENT + "<[!a-z]", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /**
   * The version of a text as its server names it, for a later conditional request.
   *
   * @param etag the header {@code ETag}; null if absent
   * @param lastModified the header {@code Last-Modified}; null if absent
   */
  record Validators(String etag, String lastModified) {
    static final Validators NONE = new Validators(null, null);
  }

  /**
   * An answer of the server.
   *
   * @param unchanged whether the server says that the text is the known one; otherwise it was
   *     downloaded
   */
  record Answer(URI address, boolean unchanged, Validators validators) {}

  /** Returns whether a name is an address, not a file. */
  static boolean isUrl(String name) {
    return name.startsWith("https://") || name.startsWith("http://");
  }

  /**
   * Returns the text at the address that a user entered.
   *
   * @throws CorpusException if it is not a URL
   */
  static WebText at(String name) {
    try {
      WebText text = new WebText(URI.create(name), null);
      text.request(Validators.NONE); // rejects a URL without a host
      return text;
    } catch (IllegalArgumentException e) {
      throw new CorpusException("--corpus " + name + " is not a valid URL: " + e.getMessage(), e);
    }
  }

  /**
   * Requests the text and writes it to a file.
   *
   * @param known the validators of a copy, to which the server may answer that it is unchanged
   * @param target the file, which is created or replaced if the text is not unchanged
   * @throws IOException if the server cannot be reached, answers with an error or a web page, or if
   *     the text has another digest; the message says which
   */
  Answer get(Validators known, Path target) throws IOException {
    HttpResponse<Path> response = send(request(known), target);
    boolean conditional = !known.equals(Validators.NONE);
    if (response.statusCode() == NOT_MODIFIED && conditional) {
      return new Answer(address, true, known);
    }
    if (response.statusCode() != OK) {
      throw new IOException(address + " answered " + response.statusCode());
    }
    String problem = problem(header(response, "Content-Type", ""), response.body());
    if (problem != null) {
      throw new IOException(address + problem);
    }
    Validators validators =
        new Validators(header(response, "ETag", null), header(response, "Last-Modified", null));
    return new Answer(address, false, validators);
  }

  private HttpResponse<Path> send(HttpRequest request, Path target) throws IOException {
    HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofFile(target));
    } catch (IOException e) {
      throw new IOException(address + " cannot be reached (" + e + ")", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CorpusException("the download of " + address + " was interrupted", e);
    }
  }

  private HttpRequest request(Validators known) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(TIMEOUT);
    if (known.etag() != null) {
      request.header("If-None-Match", known.etag());
    }
    if (known.lastModified() != null) {
      request.header("If-Modified-Since", known.lastModified());
    }
    return request.build();
  }

  private static String header(HttpResponse<?> response, String name, String fallback) {
    return response.headers().firstValue(name).orElse(fallback);
  }

  /**
   * Returns why an answer is not the text, or null if it may be.
   *
   * @param contentType the header {@code Content-Type}; empty if unknown
   */
  String problem(String contentType, Path body) throws IOException {
    String digest = sha256 == null ? null : Sha256.hex(body);
    if (sha256 != null && !digest.equals(sha256)) {
      return " is not the text it should be: its SHA-256 is " + digest + " instead of " + sha256;
    }
    return isPage(contentType, body) ? " is a web page (HTML), not a text" : null;
  }

  /**
   * Returns whether an answer is HTML. Some servers call every text HTML, so such an answer must
   * also begin with a tag.
   */
  private static boolean isPage(String contentType, Path body) throws IOException {
    String type = contentType.toLowerCase(Locale.ROOT);
    boolean html = type.startsWith("text/html") || type.startsWith("application/xhtml");
    try (InputStream in = Files.newInputStream(body)) {
      String beginning = new String(in.readNBytes(BEGINNING), StandardCharsets.UTF_8);
      return (html ? TAG : PAGE).matcher(beginning).find();
    }
  }
}
