package io.forebay.bench.engines;

import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A sorted map on the heap: what Kafka Streams' in-memory store is. Hosts hand it arrays that nobody else holds; here it
 * makes them, because those of the scenarios are used again.
 */
final class HeapEngine implements Engine {
    private final NavigableMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
    private final Consumed consumed = new Consumed();

    @Override
    public void put(byte[] key, byte[] value) {
        map.put(key.clone(), value.clone());
    }

    @Override
    public byte[] get(byte[] key) {
        return map.get(key);
    }

    @Override
    public void delete(byte[] key) {
        map.remove(key);
    }

    @Override
    public void append(byte[] key, byte[] element) {
        map.merge(key.clone(), element.clone(), HeapEngine::concatenate);
    }

    private static byte[] concatenate(byte[] head, byte[] tail) {
        byte[] all = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, all, head.length, tail.length);
        return all;
    }

    @Override
    public int scan(byte[] from, int limit, boolean reverse) {
        NavigableMap<byte[], byte[]> view = map;
        if (from != null) {
            view = reverse ? map.headMap(from, true) : map.tailMap(from, true);
        }
        return consumed.scan(reverse ? view.descendingMap().entrySet() : view.entrySet(), limit);
    }

    @Override
    public long scannedSum() {
        return consumed.sum();
    }

    @Override
    public int scanPrefix(byte[] prefix) {
        return consumed.scan(under(prefix).entrySet(), Integer.MAX_VALUE);
    }

    @Override
    public void clearPrefix(byte[] prefix) {
        under(prefix).clear();
    }

    private Map<byte[], byte[]> under(byte[] prefix) {
        byte[] end = Prefixes.end(prefix);
        return end == null ? map.tailMap(prefix, true) : map.subMap(prefix, true, end, false);
    }

    @Override
    public void flush() {}

    @Override
    public void settle() {}

    @Override
    public void close() {
        map.clear();
    }
}
