package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.WriteBatch;
import io.forebay.store.testing.GoldenBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes of a batch. */
class WriteBatchFormatTest {
    private static WriteBatch sample() {
        return new WriteBatch()
                .put("key".getBytes(US_ASCII), "value".getBytes(US_ASCII))
                .delete("gone".getBytes(US_ASCII))
                .merge("list".getBytes(US_ASCII), "operand".getBytes(US_ASCII))
                .deleteRange("from".getBytes(US_ASCII), "to".getBytes(US_ASCII))
                .deleteRange("rest".getBytes(US_ASCII), null)
                .put(new byte[0], new byte[0]);
    }

    @Test
    void bytesAreAsEver() {
        WriteBatch batch = sample();
        byte[][] bytes = new byte[1][];
        batch.forEach((kind, all, keyAt, keyLength, valueAt, valueLength) ->
                bytes[0] = Arrays.copyOf(all, batch.sizeInBytes()));
        GoldenBytes.verify("batch", bytes[0]);
    }

    @Test
    void operationsComeOutAsTheyWentIn() {
        List<String> operations = new ArrayList<>();
        sample().forEach((kind, all, keyAt, keyLength, valueAt, valueLength) -> {
            String key = new String(all, keyAt, keyLength, US_ASCII);
            String value = valueLength < 0 ? "end" : "'" + new String(all, valueAt, valueLength, US_ASCII) + "'";
            operations.add(kind + " '" + key + "' " + value);
        });
        assertThat(operations)
                .containsExactly(
                        "1 'key' 'value'",
                        "2 'gone' ''",
                        "3 'list' 'operand'",
                        "4 'from' 'to'",
                        "4 'rest' end",
                        "1 '' ''");
    }
}
