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
 * Device memory outside libtorch's allocator. Copies and clears are queued on a stream and run in
 * order with that stream's other work. Owned by one thread, which closes it.
 */
public final class CudaMemory implements AutoCloseable {
  private final Driver driver;
  private final int device;
  private final long address;
  private final long size;

  /** The host side of copies; it grows to the largest copy so far. Null before the first copy. */
  private Memory staging;

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
   * Allocates memory and clears it on a stream: work that is queued there later reads zeros.
   *
   * @param size in bytes
   * @throws CudaException if the device has too little memory
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
   * Allocates memory and copies bytes to it. When this returns, any stream may read them.
   *
   * @throws CudaException if the device has too little memory
   */
  public static CudaMemory of(Device device, ByteBuffer content) {
    CudaMemory memory = new CudaMemory(device, content.remaining());
    try {
      memory.driver.call(
          "cuMemcpyHtoD_v2", memory.address, memory.stage(content), (long) content.remaining());
      memory.driver.call("cuStreamSynchronize", Pointer.NULL); // the copy may still be in flight
      memory.staging = null; // constant memory is written once
      return memory;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** Returns an empty host buffer in the byte order of the device, which is the host's. */
  public static ByteBuffer hostBuffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  private Memory staging(int bytes) {
    if (staging == null || staging.size() < bytes) {
      staging = new Memory(bytes);
    }
    return staging;
  }

  private Memory stage(ByteBuffer content) {
    Memory copy = staging(content.remaining());
    copy.getByteBuffer(0, content.remaining()).put(content.duplicate());
    return copy;
  }

  /** Returns the device address of the first byte. */
  public long address() {
    return address;
  }

  /** Sets all bytes to zero. */
  public void clear(CudaStream stream) {
    clear(stream, 0, size);
  }

  /**
   * Sets bytes to zero.
   *
   * @throws IndexOutOfBoundsException if the range is not within this memory
   */
  public void clear(CudaStream stream, long offset, long length) {
    check(offset, length);
    driver.call("cuMemsetD8Async", address + offset, (byte) 0, length, stream.handle());
  }

  /**
   * Writes bytes to an offset. The caller may change them as soon as this returns.
   *
   * @throws IndexOutOfBoundsException if the range is not within this memory
   */
  public void write(CudaStream stream, long offset, ByteBuffer content) {
    check(offset, content.remaining());
    // The staging memory is not pinned, so the driver reads it before the call returns.
    driver.call(
        "cuMemcpyHtoDAsync_v2",
        address + offset,
        stage(content),
        (long) content.remaining(),
        stream.handle());
  }

  /**
   * Copies an array to an offset, from device to device. The stream must be the one on which
   * libtorch computes the array; the caller may then close the array as soon as this returns.
   *
   * @param content float32, float16 or bfloat16, without gaps, on the same device
   * @throws IndexOutOfBoundsException if the range is not within this memory
   */
  public void write(CudaStream stream, long offset, NDArray content) {
    long length = content.size() * content.getDataType().getNumOfBytes();
    check(offset, length);
    try {
      long from = TensorAddress.of(content);
      driver.call("cuMemcpyDtoDAsync_v2", address + offset, from, length, stream.handle());
    } finally {
      Reference.reachabilityFence(content);
    }
  }

  /**
   * Waits for the stream and returns bytes from an offset.
   *
   * @throws IndexOutOfBoundsException if the range is not within this memory
   * @throws CudaException if work that was queued on the stream failed
   */
  public ByteBuffer read(CudaStream stream, long offset, int length) {
    check(offset, length);
    Memory copy = staging(length);
    driver.call("cuMemcpyDtoHAsync_v2", copy, address + offset, (long) length, stream.handle());
    stream.synchronize();
    ByteBuffer content = hostBuffer(length);
    content.put(copy.getByteBuffer(0, length));
    return content.flip();
  }

  /**
   * Copies bytes within this memory. The two ranges must not overlap.
   *
   * @throws IndexOutOfBoundsException if a range is not within this memory
   */
  public void move(CudaStream stream, long from, long to, long length) {
    check(from, length);
    check(to, length);
    driver.call("cuMemcpyDtoDAsync_v2", address + to, address + from, length, stream.handle());
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new IndexOutOfBoundsException(
          "the range is " + length + " bytes at offset " + offset + "; the memory has " + size);
    }
  }

  /** Frees the memory, on any thread. No work on the device may use it any more. */
  @Override
  public void close() {
    driver.makeCurrent(device);
    driver.call("cuMemFree_v2", address);
  }
}
