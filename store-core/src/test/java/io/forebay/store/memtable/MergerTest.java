package io.forebay.store.memtable;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MergerTest {
    private static final byte[] KEY = {1, 2, 3};

    /** Adds numbers; counts calls and bytes; fails on demand. */
    private static final class Sum implements MergeFunction {
        int calls;
        boolean failing;

        @Override
        public String name() {
            return "sum";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            assertThat(key).isEqualTo(KEY);
            assertThat(values).hasSizeGreaterThan(1);
            calls++;
            if (failing) {
                throw new IllegalArgumentException("no sum today");
            }
            return number(values.stream()
                    .mapToLong(value -> ByteBuffer.wrap(value).getLong())
                    .sum());
        }
    }

    /** Concatenation that does not say so. */
    private static final class Concat implements MergeFunction {
        long copied;

        @Override
        public String name() {
            return "concat";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            ByteBuffer out = ByteBuffer.allocate(
                    values.stream().mapToInt(value -> value.length).sum());
            values.forEach(out::put);
            copied += out.capacity();
            return out.array();
        }
    }

    private static byte[] number(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    @Test
    void aCounterStaysOneVersion() {
        Sum sum = new Sum();
        MemtableHarness harness = new MemtableHarness(1 << 20, sum);
        for (int i = 1; i <= 100_000; i++) {
            assertThat(harness.merge(KEY, number(i))).isTrue();
        }
        assertThat(harness.memtable.entries()).isEqualTo(1);
        assertThat(harness.memtable.bytes()).isLessThan(200);
        assertThat(harness.get(KEY, harness.sequence, false))
                .isEqualTo(new MemtableModel.Answer(false, number(100_000L * 100_001 / 2)));
    }

    @Test
    void foldsOntoAValueAndOntoADelete() {
        MemtableHarness harness = new MemtableHarness(1 << 20, new Sum());
        harness.put(KEY, number(40));
        harness.merge(KEY, number(2));
        assertThat(harness.memtable.entries()).isEqualTo(1);
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(42)));

        harness.delete(KEY);
        harness.merge(KEY, number(5));
        assertThat(harness.memtable.entries()).isEqualTo(1);
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(5)));
    }

    @Test
    void doesNotFoldAcrossAPin() {
        MemtableHarness harness = new MemtableHarness(1 << 20, new Sum());
        harness.put(KEY, number(1));
        harness.pinned = harness.sequence;
        harness.merge(KEY, number(2));
        harness.merge(KEY, number(3));
        assertThat(harness.memtable.entries()).isEqualTo(2);
        assertThat(harness.get(KEY, harness.pinned, true)).isEqualTo(new MemtableModel.Answer(true, number(1)));
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(6)));
    }

    @Test
    void doesNotBringBackWhatARangeDeleteHides() {
        MemtableHarness harness = new MemtableHarness(1 << 20, new Sum());
        harness.merge(KEY, number(1));
        harness.deleteRange(new byte[] {1}, new byte[] {2});
        harness.merge(KEY, number(2));
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(2)));
        harness.merge(KEY, number(3));
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(5)));
        assertThat(harness.memtable.entries()).isEqualTo(1);
    }

    @Test
    void aFunctionThatFailsNeverFailsAWrite() {
        Sum sum = new Sum();
        MemtableHarness harness = new MemtableHarness(1 << 20, sum);
        harness.put(KEY, number(1));
        sum.failing = true;
        for (int i = 0; i < 500; i++) {
            assertThat(harness.merge(KEY, number(2))).isTrue();
        }
        sum.failing = false;
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(1001)));
        assertThat(harness.merge(KEY, number(2))).isTrue();
        assertThat(harness.get(KEY, harness.sequence, false)).isEqualTo(new MemtableModel.Answer(true, number(1003)));
    }

    @Test
    void aFunctionThatReturnsNullNeverFailsAWrite() {
        MemtableHarness harness = new MemtableHarness(1 << 20, new MergeFunction() {
            @Override
            public String name() {
                return "nothing";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                return null;
            }
        });
        harness.merge(KEY, number(1));
        assertThat(harness.merge(KEY, number(2))).isTrue();
        assertThat(harness.memtable.entries()).isEqualTo(2);
    }

    @Test
    void longValuesAreFoldedRarelyAndChainsStayBounded() {
        Concat concat = new Concat();
        MemtableHarness harness = new MemtableHarness(64 << 20, concat);
        int count = 5_000;
        byte[] operand = new byte[300];
        harness.put(KEY, new byte[200_000]);
        for (int i = 0; i < count; i++) {
            harness.merge(KEY, operand);
            assertThat(harness.memtable.entries()).isLessThanOrEqualTo(Merger.LONGEST_CHAIN + 1);
        }
        long total = 200_000 + count * 300L;
        assertThat(harness.get(KEY, harness.sequence, false).value()).hasSize((int) total);
        assertThat(concat.copied).isLessThan(total * 60);
        assertThat(harness.memtable.bytes()).isLessThan(total * 8);
    }

    @Test
    void appendsToFewVersionsWhenTheFunctionIsConcatenation() {
        MemtableHarness harness = new MemtableHarness(64 << 20, MergeFunction.append((byte) ','));
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            harness.merge(KEY, Integer.toString(i).getBytes(UTF_8));
            expected.append(i == 0 ? "" : ",").append(i);
            if (i % 1000 == 0) {
                assertThat(harness.get(KEY, harness.sequence, false).value())
                        .isEqualTo(expected.toString().getBytes(UTF_8));
            }
        }
        assertThat(harness.memtable.entries()).isLessThan(40);
        assertThat(harness.memtable.bytes()).isLessThan(expected.length() * 5L / 4);
        assertThat(harness.get(KEY, harness.sequence, false))
                .isEqualTo(new MemtableModel.Answer(false, expected.toString().getBytes(UTF_8)));
    }

    @Test
    void operandsOfManyLengthsLeaveLittleUnused() {
        MemtableHarness harness = new MemtableHarness(64 << 20, MergeFunction.append((byte) ','));
        int total = -1;
        for (int i = 0; i < 2_000; i++) {
            byte[] operand = new byte[i % 97 == 0 ? 9_000 : i % 5 == 0 ? 700 : i % 50];
            Arrays.fill(operand, (byte) i);
            harness.merge(KEY, operand);
            total += 1 + operand.length;
            if (i == 64) {
                assertThat(harness.memtable.entries()).isLessThan(24);
            }
        }
        assertThat(harness.get(KEY, harness.sequence, false).value()).hasSize(total);
        assertThat(harness.memtable.bytes()).isLessThan(total * 7L / 4);
    }

    @Test
    void appendsEmptyOperandsToo() {
        MemtableHarness harness = new MemtableHarness(1 << 20, MergeFunction.append((byte) ','));
        harness.merge(KEY, new byte[0]);
        harness.merge(KEY, new byte[0]);
        harness.merge(KEY, new byte[] {'a'});
        harness.merge(KEY, new byte[0]);
        assertThat(harness.get(KEY, harness.sequence, false).value()).isEqualTo(",,a,".getBytes(UTF_8));
        assertThat(harness.function.merge(KEY, List.of(new byte[0], new byte[0])))
                .isEqualTo(",".getBytes(UTF_8));
        byte[] empty = new byte[0];
        assertThat(harness.function.merge(KEY, List.of(empty, empty))).isEqualTo(",".getBytes(UTF_8));
    }

    @Test
    void needsAFunction() {
        MemtableHarness harness = new MemtableHarness(1 << 20, null);
        assertThatIllegalStateException()
                .isThrownBy(() -> harness.write(ValueKind.MERGE, KEY, KEY))
                .withMessageContaining("without a merge function");
    }
}
