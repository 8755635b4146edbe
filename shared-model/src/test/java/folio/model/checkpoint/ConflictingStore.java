package folio.model.checkpoint;

import folio.model.storage.DirectoryStorage;
import folio.model.storage.PublishStep;
import folio.model.storage.RunStorage;
import folio.model.storage.Storage;
import folio.model.storage.StorageWriter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A store in a directory where another writer has always changed {@code CURRENT} meanwhile. */
public final class ConflictingStore {
  private ConflictingStore() {}

  /** Returns such a store. */
  public static CheckpointStore in(Path folder) {
    return new CheckpointStore(new Conflicting(new DirectoryStorage(folder)), null);
  }

  private record Conflicting(Storage storage) implements Storage {
    @Override
    public Optional<String> current() throws IOException {
      return storage.current();
    }

    @Override
    public List<String> names() throws IOException {
      return storage.names();
    }

    @Override
    public boolean contains(String version) throws IOException {
      return storage.contains(version);
    }

    @Override
    public byte[] read(String version, String file, long maxBytes) throws IOException {
      return storage.read(version, file, maxBytes);
    }

    @Override
    public RunStorage runs() {
      return storage.runs();
    }

    @Override
    public StorageWriter write(Consumer<PublishStep> observer) throws IOException {
      StorageWriter writer = storage.write(observer);
      return new StorageWriter() {
        @Override
        public void add(String version, Map<String, byte[]> files) throws IOException {
          writer.add(version, files);
        }

        @Override
        public void moveCurrent(String version) throws IOException {
          throw new FileAlreadyExistsException("another writer changed CURRENT");
        }

        @Override
        public void delete(String version) throws IOException {
          writer.delete(version);
        }

        @Override
        public void close() throws IOException {
          writer.close();
        }
      };
    }
  }
}
