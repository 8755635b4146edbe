package folio.model.cuda;

import ai.djl.Device;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory of a device that is not libtorch's, zero at first. What is asked for happens on a stream,
 * in order with what else that stream does. Owned by whoever allocated it.
 */
public final class CudaMemory implements AutoCloseable {
  private final Driver driver;
  private final long address;
  private final long size;

  private CudaMemory(Driver driver, long address, long size) {
    this.driver = driver;
    this.address = address;
    this.size = size;
  }

  /**
   * Allocates; makes the device the calling thread's.
   *
   * @param size in bytes
   * @throws CudaException if there is too little
   */
  public static CudaMemory allocate(Device device, long size) {
    Driver driver = Driver.get();
    CudaStream.synchronize(device);
    LongByReference address = new LongByReference();
    driver.call("cuMemAlloc_v2", address, size);
    CudaMemory memory = new CudaMemory(driver, address.getValue(), size);
    driver.call("cuMemsetD8_v2", memory.address, (byte) 0, size);
    CudaStream.synchronize(device); // other streams do not wait for the one that zeros it
    return memory;
  }

  /** Allocates what holds some bytes, and writes them at once. */
  public static CudaMemory of(Device device, ByteBuffer content) {
    CudaMemory memory = allocate(device, content.remaining());
    try {
      memory.driver.call(
          "cuMemcpyHtoD_v2", memory.address, host(content), (long) content.remaining());
      return memory;
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private static Pointer host(ByteBuffer content) {
    Memory copy = new Memory(content.remaining());
    copy.getByteBuffer(0, content.remaining()).put(content.duplicate());
    return copy;
  }

  /** Where it is, for a kernel. */
  public long address() {
    return address;
  }

  /** Writes bytes from an offset on; they may be changed as soon as this returns. */
  public void write(CudaStream stream, long offset, ByteBuffer content) {
    check(offset, content.remaining());
    // From memory that is not pinned the driver copies before it returns.
    driver.call(
        "cuMemcpyHtoDAsync_v2",
        address + offset,
        host(content),
        (long) content.remaining(),
        stream.handle());
  }

  /** Reads bytes from an offset on; waits for the stream. */
  public ByteBuffer read(CudaStream stream, long offset, int length) {
    check(offset, length);
    Memory copy = new Memory(length);
    driver.call("cuMemcpyDtoHAsync_v2", copy, address + offset, (long) length, stream.handle());
    stream.synchronize();
    ByteBuffer content = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    content.put(copy.getByteBuffer(0, length));
    return content.flip();
  }

  /** Copies bytes to another place in it; the two must not overlap. */
  public void move(CudaStream stream, long from, long to, long length) {
    check(from, length);
    check(to, length);
    driver.call("cuMemcpyDtoDAsync_v2", address + to, address + from, length, stream.handle());
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new IndexOutOfBoundsException(
          length + " bytes from " + offset + " on are not within " + size);
    }
  }

  /** Frees it; nothing on the device may use it any more. */
  @Override
  public void close() {
    driver.call("cuMemFree_v2", address);
  }
}
