package folio.model.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The records of training runs in a bucket. */
final class S3Runs implements RunStorage {
  private static final String PREFIX = FOLDER + "/";

  private final S3Bucket bucket;

  /** Creates a view of a bucket. */
  S3Runs(S3Bucket bucket) {
    this.bucket = bucket;
  }

  @Override
  public List<StoredRun> list() throws IOException {
    List<StoredRun> runs = new ArrayList<>();
    for (ListObjectsV2Response page : bucket.pages(PREFIX)) {
      for (S3Object object : page.contents()) {
        String[] parts = bucket.name(object).substring(PREFIX.length()).split("/", -1);
        if (parts.length == 2 && parts[1].equals(FILE) && NAME.matcher(parts[0]).matches()) {
          runs.add(new StoredRun(parts[0], object.lastModified()));
        }
      }
    }
    return runs;
  }

  private static String key(String run) {
    return PREFIX + run + "/" + FILE;
  }

  @Override
  public byte[] read(String run, long maxBytes) throws IOException {
    return bucket.get(key(run), maxBytes).content();
  }

  @Override
  public void write(String run, byte[] record) throws IOException {
    bucket.put(key(run), record);
  }

  @Override
  public void delete(String run) throws IOException {
    bucket.delete(key(run));
  }
}
