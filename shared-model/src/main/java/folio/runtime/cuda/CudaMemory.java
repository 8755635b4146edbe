package folio.runtime.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory of a device that is not libtorch's. What is asked for happens on a stream, in order with
 * what else that stream does. Owned by one thread.
 */
public final class CudaMemory implements AutoCloseable {
  private final Driver driver;
  private final int device;
  private final long address;
  private final long size;

  /** Where bytes are on their way, as large as any of them were. */
  private Memory host;

  private CudaMemory(Device device, long size) {
    this.driver = Driver.get();
    this.device = device.getDeviceId();
    this.size = size;
    driver.makeCurrent(this.device);
    LongByReference allocated = new LongByReference();
    driver.call("cuMemAlloc_v2", allocated, size);
    this.address = allocated.getValue();
  }

  /**
   * Allocates memory that is zero for what the stream does from now on.
   *
   * @param size in bytes
   * @throws CudaException if there is too little
   */
  public static CudaMemory allocate(Device device, CudaStream stream, long size) {
    CudaMemory memory = new CudaMemory(device, size);
    try {
      memory.clear(stream);
      return memory;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /**
   * Allocates memory that holds some bytes, for any stream.
   *
   * @throws CudaException if there is too little
   */
  public static CudaMemory of(Device device, ByteBuffer content) {
    CudaMemory memory = new CudaMemory(device, content.remaining());
    try {
      memory.driver.call(
          "cuMemcpyHtoD_v2", memory.address, memory.host(content), (long) content.remaining());
      memory.driver.call("cuStreamSynchronize", Pointer.NULL); // the copy may be on its way yet
      memory.host = null; // it is written once
      return memory;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private Memory host(int bytes) {
    if (host == null || host.size() < bytes) {
      host = new Memory(bytes);
    }
    return host;
  }

  private Memory host(ByteBuffer content) {
    Memory copy = host(content.remaining());
    copy.getByteBuffer(0, content.remaining()).put(content.duplicate());
    return copy;
  }

  /** Where it is, for a kernel. */
  public long address() {
    return address;
  }

  /** Makes all of it zero. */
  public void clear(CudaStream stream) {
    clear(stream, 0, size);
  }

  /** Makes bytes from an offset on zero. */
  public void clear(CudaStream stream, long offset, long length) {
    check(offset, length);
    driver.call("cuMemsetD8Async", address + offset, (byte) 0, length, stream.handle());
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

  /**
   * Writes an array's numbers from an offset on, without the host. The stream must be the one that
   * libtorch computes the array on, so that it may be closed as soon as this returns.
   *
   * @param content float32, on the same device
   */
  public void write(CudaStream stream, long offset, NDArray content) {
    long length = content.size() * Float.BYTES;
    check(offset, length);
    try {
      long from = TensorAddress.of(content);
      driver.call("cuMemcpyDtoDAsync_v2", address + offset, from, length, stream.handle());
    } finally {
      Reference.reachabilityFence(content);
    }
  }

  /** Reads bytes from an offset on; waits for the stream. */
  public ByteBuffer read(CudaStream stream, long offset, int length) {
    check(offset, length);
    Memory copy = host(length);
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

  /** Frees it, on any thread; nothing on the device may use it any more. */
  @Override
  public void close() {
    driver.makeCurrent(device);
    driver.call("cuMemFree_v2", address);
  }
}
