package folio.model.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.model.network.HostCopy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A codec of the safetensors format: eight bytes of header length, a JSON header, the values.
 *
 * <p>DJL has a reader too, but it guesses the format from the first bytes. Those are the header's
 * length, so they may look like another format. DJL's reader also drops the metadata and reports
 * little about a broken file.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">safetensors, Format</a>
 */
public final class Safetensors {
  private static final String METADATA = "__metadata__";
  private static final int LENGTH_BYTES = Long.BYTES;

  /**
   * The boundary in bytes on which the header ends, so that readers can map the values in place.
   */
  private static final int ALIGNMENT = 8;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private Safetensors() {}

  /**
   * Returns the file that holds named arrays.
   *
   * @param tensors arrays of float32, float16 or int64 on any device, with distinct names
   * @param metadata free text by name
   */
  public static byte[] write(NDList tensors, Map<String, String> metadata) {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode meta = header.putObject(METADATA);
    metadata.forEach(meta::put);
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    for (NDArray tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.getName());
      entry.put("dtype", tensor.getDataType().asSafetensors());
      for (long dimension : tensor.getShape().getShape()) {
        entry.withArray("shape").add(dimension);
      }
      int begin = values.size();
      values.writeBytes(HostCopy.bytes(tensor));
      entry.putArray("data_offsets").add(begin).add(values.size());
    }
    StringBuilder json = new StringBuilder(header.toString());
    while (json.toString().getBytes(StandardCharsets.UTF_8).length % ALIGNMENT != 0) {
      json.append(' ');
    }
    byte[] utf8 = json.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(LENGTH_BYTES + utf8.length + values.size())
            .order(ByteOrder.LITTLE_ENDIAN);
    return file.putLong(utf8.length).put(utf8).put(values.toByteArray()).array();
  }

  /**
   * Returns the free text of a file, by name.
   *
   * @throws CheckpointException if the header is malformed
   */
  public static Map<String, String> readMetadata(byte[] file) {
    return JSON.convertValue(
        header(file).path(METADATA),
        JSON.getTypeFactory().constructMapType(Map.class, String.class, String.class));
  }

  /**
   * Returns the free text of a file, by name, without reading its arrays.
   *
   * @throws IOException if the file cannot be read
   * @throws CheckpointException if the header is malformed
   */
  public static Map<String, String> readMetadata(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] length = in.readNBytes(LENGTH_BYTES);
      long size = Files.size(file);
      long header =
          length.length < LENGTH_BYTES
              ? 0
              : ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
      byte[] rest = in.readNBytes((int) Math.max(0, Math.min(header, size)));
      return readMetadata(
          ByteBuffer.allocate(length.length + rest.length).put(length).put(rest).array());
    }
  }

  /**
   * Reads every array of a file.
   *
   * @param owner the manager of the arrays; they have the names and types of the file, but float32
   *     for bfloat16
   * @throws CheckpointException if the file is malformed; the message names the tensor and the
   *     problem
   */
  public static NDList read(NDManager owner, byte[] file) {
    JsonNode header = header(file);
    int start = Math.toIntExact(file.length - valueBytes(file));
    NDList tensors = new NDList();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (entry.getKey().equals(METADATA)) {
        continue;
      }
      NDArray tensor = readTensor(owner, entry.getKey(), entry.getValue(), file, start);
      tensor.setName(entry.getKey());
      tensors.add(tensor);
    }
    return tensors;
  }

  private static NDArray readTensor(
      NDManager owner, String name, JsonNode entry, byte[] file, int start) {
    DataType type = dataType(name, entry.path("dtype").asText());
    JsonNode offsets = entry.path("data_offsets");
    long begin = offsets.path(0).asLong(-1);
    long end = offsets.path(1).asLong(-1);
    if (begin < 0 || end < begin || end > file.length - start) {
      throw new CheckpointException(
          "tensor "
              + name
              + ": data_offsets are "
              + offsets
              + "; they must be within the file's "
              + (file.length - start)
              + " bytes of values");
    }
    long[] shape = new long[entry.path("shape").size()];
    double values = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = entry.path("shape").path(i).asLong(-1);
      values *= shape[i] < 0 ? Double.NaN : shape[i];
    }
    if (values * type.getNumOfBytes() != end - begin) {
      throw new CheckpointException(
          "tensor "
              + name
              + ": shape "
              + entry.path("shape")
              + " of "
              + type
              + " does not match the "
              + (end - begin)
              + " bytes of its data_offsets");
    }
    ByteBuffer data =
        ByteBuffer.wrap(file, start + (int) begin, (int) (end - begin))
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    return type == DataType.BFLOAT16
        ? owner.create(widened(data), new Shape(shape))
        : owner.create(data, new Shape(shape), type);
  }

  /**
   * Returns bfloat16 values as float32, of which they are the upper halves. DJL's JNI library ends
   * the process when it creates an array of bfloat16.
   */
  private static float[] widened(ByteBuffer halves) {
    float[] values = new float[halves.remaining() / Short.BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(halves.getShort() << Short.SIZE);
    }
    return values;
  }

  private static DataType dataType(String name, String dtype) {
    return switch (dtype) {
      case "F32" -> DataType.FLOAT32;
      case "F16" -> DataType.FLOAT16;
      case "BF16" -> DataType.BFLOAT16;
      case "I64" -> DataType.INT64;
      default ->
          throw new CheckpointException(
              "tensor " + name + ": dtype is " + dtype + "; it must be F32, F16, BF16 or I64");
    };
  }

  private static JsonNode header(byte[] file) {
    int length = Math.toIntExact(file.length - LENGTH_BYTES - valueBytes(file));
    try {
      JsonNode header = JSON.readTree(file, LENGTH_BYTES, length);
      if (!header.isObject()) {
        throw new CheckpointException("the header is not a JSON object");
      }
      return header;
    } catch (IOException e) {
      throw new CheckpointException("the header is not JSON: " + e.getMessage(), e);
    }
  }

  private static long valueBytes(byte[] file) {
    if (file.length < LENGTH_BYTES) {
      throw new CheckpointException("the file has " + file.length + " bytes, too few for a header");
    }
    long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > file.length - LENGTH_BYTES) {
      throw new CheckpointException(
          "the header's length is " + length + " bytes, but the file has " + file.length);
    }
    return file.length - LENGTH_BYTES - length;
  }
}
