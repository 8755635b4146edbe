package folio.inference.api;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Generators of bodies for {@code POST /generate}: valid, nearly valid and invalid ones. */
final class FuzzBodies {
  private static final String JSON = "application/json";

  /** A request body and its media type. */
  record Sent(String contentType, byte[] body) {
    static Sent json(String body) {
      return new Sent(JSON, body.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns this body with the field names of a resource; all other bytes are the same. */
    Sent to(String path) {
      if (!path.equals("/score")) {
        return this;
      }
      String bytes = new String(body, StandardCharsets.ISO_8859_1);
      String renamed = bytes.replace("\"prompt\"", "\"text\"").replace("\"top_k\"", "\"top\"");
      return new Sent(contentType, renamed.getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  private FuzzBodies() {}

  /** Generates bodies of every kind; a good share of them reaches the model. */
  static Arbitrary<Sent> any() {
    return Arbitraries.frequencyOf(
        Tuple.of(6, validFields().map(FuzzBodies::object).map(Sent::json)),
        Tuple.of(8, withOneFieldReplaced().map(Sent::json)),
        Tuple.of(3, withOneFieldOutOfRange().map(Sent::json)),
        Tuple.of(2, withAnUnknownField().map(Sent::json)),
        Tuple.of(2, withADuplicate().map(Sent::json)),
        Tuple.of(3, cutShort().map(Sent::json)),
        Tuple.of(3, withOneByteChanged()),
        Tuple.of(2, nested().map(Sent::json)),
        Tuple.of(2, value().map(Sent::json)),
        Tuple.of(1, bytes().map(body -> new Sent(JSON, body))),
        Tuple.of(1, otherTypes()),
        Tuple.of(1, inOtherEncodings()));
  }

  private static String object(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> quoted(field.getKey()) + ": " + field.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /**
   * Generates field values as JSON; max_tokens is small, so that ten thousand requests are fast.
   */
  private static Arbitrary<Map<String, String>> validFields() {
    Arbitrary<Map<String, String>> optional =
        Arbitraries.subsetOf("temperature", "top_k", "top_p", "min_p", "stop", "logprobs", "echo")
            .flatMap(
                names ->
                    Combinators.combine(
                            names.stream()
                                .map(name -> valid(name).map(text -> Map.entry(name, text)))
                                .toList())
                        .as(
                            entries ->
                                entries.stream()
                                    .collect(
                                        Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue))));
    return Combinators.combine(letters(20), Arbitraries.integers().between(1, 6), optional)
        .as(
            (prompt, tokens, others) -> {
              Map<String, String> fields = new TreeMap<>(others);
              fields.put("prompt", quoted(prompt));
              fields.put("max_tokens", String.valueOf(tokens));
              return fields;
            });
  }

  private static Arbitrary<String> valid(String field) {
    return switch (field) {
      case "temperature" -> Arbitraries.of("0", "0.01", "0.7", "1", "2", "2.0", "1e-1", "null");
      case "top_k" -> Arbitraries.of("0", "1", "5", "2147483647");
      case "top_p" -> Arbitraries.of("1", "0.9", "1e-300", "0.0001");
      case "min_p" -> Arbitraries.of("0", "1", "0.1");
      case "stop" -> Arbitraries.of("[]", "[\"a\"]", "[\"\\n\", \"the\"]", "[\"\\ud800\"]");
      case "logprobs" -> Arbitraries.of("0", "1", "20", "null");
      case "echo" -> Arbitraries.of("true", "false", "null");
      default -> throw new IllegalArgumentException(field);
    };
  }

  private static Arbitrary<String> withOneFieldReplaced() {
    Arbitrary<String> names =
        Arbitraries.of(
            "prompt",
            "max_tokens",
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "repetition_penalty",
            "seed",
            "stop",
            "logprobs",
            "echo",
            "model");
    return Combinators.combine(validFields(), names, value())
        .as(
            (fields, name, value) -> {
              fields.put(name, value);
              return object(fields);
            });
  }

  private static Arbitrary<String> withOneFieldOutOfRange() {
    Arbitrary<String> names =
        Arbitraries.of(
            "max_tokens", "temperature", "top_k", "top_p", "min_p", "repetition_penalty");
    Arbitrary<String> values =
        Arbitraries.oneOf(
            Arbitraries.integers().lessOrEqual(-1).map(String::valueOf),
            Arbitraries.integers().greaterOrEqual(10_001).map(String::valueOf));
    return Combinators.combine(validFields(), names, values)
        .as(
            (fields, name, value) -> {
              fields.put(name, value);
              return object(fields);
            });
  }

  private static Arbitrary<String> withAnUnknownField() {
    return Combinators.combine(validFields(), characters(), value())
        .as(
            (fields, name, value) -> {
              fields.put(name, value);
              return object(fields);
            });
  }

  private static Arbitrary<String> withADuplicate() {
    return Combinators.combine(validFields().map(FuzzBodies::object), value())
        .as(
            (body, value) ->
                body.substring(0, body.length() - 1) + ", \"max_tokens\": " + value + "}");
  }

  private static Arbitrary<String> cutShort() {
    return Combinators.combine(
            validFields().map(FuzzBodies::object), Arbitraries.doubles().between(0, 0.99))
        .as((body, share) -> body.substring(0, (int) (body.length() * share)));
  }

  private static Arbitrary<Sent> withOneByteChanged() {
    return Combinators.combine(
            validFields().map(FuzzBodies::object),
            Arbitraries.doubles().between(0, 0.99),
            Arbitraries.bytes())
        .as(
            (body, share, value) -> {
              byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
              int at = (int) (bytes.length * share);
              // A digit could make max_tokens large, which is legal but slow.
              bytes[at] = Character.isDigit(value) ? (byte) '-' : value;
              return new Sent(JSON, bytes);
            });
  }

  private static Arbitrary<String> nested() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 3000),
            Arbitraries.of("[", "{\"a\":", "{\"prompt\":", "[{\"stop\":"),
            Arbitraries.of("", "{\"prompt\": ", "{\"unknown\": ", "{\"stop\": "))
        .as((depth, open, begin) -> begin + open.repeat(depth));
  }

  private static Arbitrary<Sent> otherTypes() {
    Arbitrary<String> types =
        Arbitraries.of(
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/problem+json",
            "image/png",
            "*/*",
            "application/*",
            "json",
            "/",
            ";",
            ",",
            "application/json; charset=nonsense",
            "application/json; charset=",
            "application/json, application/json",
            "application/json;;;=");
    return Combinators.combine(types, validFields().map(FuzzBodies::object))
        .as((type, body) -> new Sent(type, body.getBytes(StandardCharsets.UTF_8)));
  }

  private static Arbitrary<Sent> inOtherEncodings() {
    return Combinators.combine(
            Arbitraries.of(
                StandardCharsets.UTF_16,
                StandardCharsets.UTF_16LE,
                StandardCharsets.UTF_16BE,
                StandardCharsets.ISO_8859_1),
            withOneFieldReplaced())
        .as((charset, body) -> new Sent(JSON, body.getBytes(charset)));
  }

  /** Any JSON value, as text. */
  private static Arbitrary<String> value() {
    Arbitrary<String> scalar =
        Arbitraries.oneOf(
            numbers(),
            characters().map(FuzzBodies::quoted),
            Arbitraries.of("true", "false", "null", "NaN", "Infinity", "-", "\"\"", "''", "nil"));
    Arbitrary<String> list =
        scalar.list().ofMaxSize(12).map(values -> "[" + String.join(",", values) + "]");
    Arbitrary<String> object = scalar.map(value -> "{\"prompt\": " + value + "}");
    return Arbitraries.frequencyOf(Tuple.of(6, scalar), Tuple.of(2, list), Tuple.of(1, object));
  }

  private static Arbitrary<String> numbers() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(-10, 10).map(String::valueOf),
        Arbitraries.longs().lessOrEqual(0).map(String::valueOf),
        Arbitraries.longs().greaterOrEqual(10_001).map(String::valueOf),
        Arbitraries.doubles().map(String::valueOf),
        Arbitraries.of(
            "1e400",
            "-1e400",
            "1e-400",
            "1e999999999",
            "1E+2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "-0",
            "-0.0",
            "01",
            "1.",
            ".5",
            "+1",
            "0x10",
            "2147483648",
            "1.0000000000000000000000000001"),
        Arbitraries.integers().between(1, 5000).map("9"::repeat),
        Arbitraries.integers().between(1, 5000).map(digits -> "0." + "3".repeat(digits)));
  }

  private static Arbitrary<String> letters(int maxLength) {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .withChars(" \n.,;!?")
        .ofMaxLength(maxLength);
  }

  /** Generates text from every plane, with unpaired surrogates, and sometimes a long one. */
  private static Arbitrary<String> characters() {
    Arbitrary<String> units = Arbitraries.strings().all().ofMaxLength(30);
    Arbitrary<String> halves =
        Arbitraries.strings().withCharRange('\ud800', '\udfff').ofMaxLength(5);
    Arbitrary<String> many =
        Combinators.combine(Arbitraries.strings().all().ofLength(1), letters(3))
            .as((unit, more) -> (unit + more).repeat(4000));
    return Arbitraries.frequencyOf(
        Tuple.of(10, units), Tuple.of(5, letters(10)), Tuple.of(5, halves), Tuple.of(1, many));
  }

  private static Arbitrary<byte[]> bytes() {
    return Arbitraries.bytes().array(byte[].class).ofMaxSize(300);
  }

  /** Returns a JSON string; all surrogates are escaped, other non-ASCII if the length is even. */
  private static String quoted(String text) {
    boolean escapes = text.length() % 2 == 0;
    return IntStream.range(0, text.length())
        .mapToObj(
            i -> {
              char unit = text.charAt(i);
              boolean plain =
                  unit >= ' ' && unit != '"' && unit != '\\' && (unit < 127 || !escapes);
              return plain && !Character.isSurrogate(unit)
                  ? String.valueOf(unit)
                  : String.format("\\u%04x", (int) unit);
            })
        .collect(Collectors.joining("", "\"", "\""));
  }

  /** Returns the outcomes that every run must meet; without one, it has not tested every path. */
  static List<String> outcomes() {
    return List.of(
        "200",
        "malformed_json",
        "unknown_field",
        "wrong_type",
        "out_of_range",
        "unknown_character",
        "unknown_model",
        "unsupported_media_type");
  }
}
