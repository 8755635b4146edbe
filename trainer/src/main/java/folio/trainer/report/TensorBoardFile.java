package folio.trainer.report;

import com.google.protobuf.ByteString;
import folio.protobuf.tensorboard.Event;
import folio.protobuf.tensorboard.SessionLog;
import folio.protobuf.tensorboard.SessionLog.SessionStatus;
import folio.protobuf.tensorboard.Summary;
import folio.protobuf.tensorboard.SummaryMetadata;
import folio.protobuf.tensorboard.SummaryMetadata.PluginData;
import folio.protobuf.tensorboard.TensorProto;
import folio.protobuf.tensorboard.TensorProto.DataType;
import folio.protobuf.tensorboard.TensorShapeProto;
import folio.protobuf.tensorboard.TensorShapeProto.Dim;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The writer of an event file, from which TensorBoard draws a run's figures and shows its samples.
 * A figure has the tag {@code EVENT/FIELD} or {@code EVENT/FIELD/PROTOCOL}. Owned by the training
 * thread.
 *
 * @see <a href="https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details">
 *     TFRecords format details</a>
 */
public final class TensorBoardFile {
  private static final String FORMAT = "brain.Event:2";
  private static final double MILLIS = 1e3;

  /** The constants by which TFRecord masks a checksum. */
  private static final int MASK_ROTATION = 15;

  private static final int MASK_SUMMAND = 0xa282ead8;

  private final Path file;
  private final InstantSource clock;

  /**
   * Begins a file in a folder. Of the earlier files there, TensorBoard drops the events after the
   * step that the run resumes from, because they will happen again.
   *
   * @param step the number of steps that the resumed run has taken; 0 drops all earlier events
   * @throws UncheckedIOException if the file cannot be written
   */
  public TensorBoardFile(Path folder, long step) {
    this(folder, step, InstantSource.system());
  }

  /** Begins a file with the times of another clock. */
  TensorBoardFile(Path folder, long step, InstantSource clock) {
    this.file = folder.resolve("events.out.tfevents." + clock.millis());
    this.clock = clock;
    write(event(0).setFileVersion(FORMAT));
    long first = step == 0 ? 0 : step + 1;
    write(event(first).setSessionLog(SessionLog.newBuilder().setStatus(SessionStatus.START)));
  }

  /**
   * Appends the numbers among the fields of an event, and the text of a sample.
   *
   * @param step the number of steps taken
   * @param fields the fields of the event; one that is a map holds numbers by protocol
   * @throws UncheckedIOException if the file cannot be written
   */
  public void write(String event, long step, Map<String, ?> fields) {
    Summary.Builder summary = Summary.newBuilder();
    for (Figure figure : Figure.of(fields)) {
      String tag = event + "/" + figure.name();
      summary
          .addValueBuilder()
          .setTag(figure.protocol() == null ? tag : tag + "/" + figure.protocol())
          .setSimpleValue((float) figure.value());
    }
    if (event.equals("sample") && fields.get("text") instanceof String text) {
      summary.addValue(text(event, text));
    }
    if (summary.getValueCount() > 0) {
      write(event(step).setSummary(summary));
    }
  }

  /** Returns a text, which TensorBoard renders as Markdown, as an indented block. */
  private static Summary.Value text(String tag, String text) {
    String block = "    " + text.replace("\n", "\n    ");
    return Summary.Value.newBuilder()
        .setTag(tag)
        .setMetadata(
            SummaryMetadata.newBuilder()
                .setPluginData(PluginData.newBuilder().setPluginName("text")))
        .setTensor(
            TensorProto.newBuilder()
                .setDtype(DataType.DT_STRING)
                .setTensorShape(TensorShapeProto.newBuilder().addDim(Dim.newBuilder().setSize(1)))
                .addStringVal(ByteString.copyFromUtf8(block)))
        .build();
  }

  private Event.Builder event(long step) {
    return Event.newBuilder().setWallTime(clock.millis() / MILLIS).setStep(step);
  }

  /** Appends a record: length, its checksum, content, its checksum. */
  private void write(Event.Builder event) {
    byte[] content = event.build().toByteArray();
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(content.length);
    ByteBuffer record =
        ByteBuffer.allocate(Long.BYTES + content.length + 2 * Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(length.array())
            .putInt(checksum(length.array()))
            .put(content)
            .putInt(checksum(content));
    try {
      Files.write(file, record.array(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("the figures cannot be written to " + file + ": " + e.getMessage(), e));
    }
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), MASK_ROTATION) + MASK_SUMMAND;
  }
}
