package io.forebay.store.harness.metamorphic;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The option sets that every history runs over, and random ones. */
final class OptionSets {
    private static final List<OptionSet> FIXED = Stream.of(
                    "",
                    "background=lazy",
                    "background=immediate commit=0",
                    "memtable=1024 block=128 file=4096",
                    "memtable=1024 block=128 file=4096 bloom=0 background=immediate",
                    "memtable=1024 block=128 file=4096 bloom=32 background=lazy",
                    "memtable=1024 block=128 file=4096 commit=0 merge=plain",
                    "memtable=1024 block=128 file=4096 filter=drop background=immediate commit=0",
                    "memtable=1024 block=128 file=4096 memory=1048576",
                    "memtable=1024 block=128 file=4096 rangedel=1",
                    "memtable=4096 block=128 file=4096 rangedel=1 background=immediate commit=0",
                    "memtable=8192 block=1024 rangedel=400 background=lazy",
                    "memtable=1024 block=4096 file=67108864 filter=drop",
                    "memtable=2048 block=128 file=67108864 bloom=1 merge=plain background=immediate",
                    "memtable=2048 block=65536 file=4096 bloom=1 filter=drop",
                    "memtable=4096 block=128 file=4096 seed=2",
                    "memtable=4096 block=256 file=4096 commit=0 background=lazy",
                    "memtable=4096 block=512 file=16384 memory=2097152 merge=plain",
                    "memtable=8192 block=128 file=4096 filter=drop merge=plain background=immediate",
                    "memtable=16384 block=1024 file=8192 bloom=5",
                    "memtable=16384 block=128 file=4096 commit=0",
                    "memtable=65536 block=256 file=4096 filter=drop",
                    "memtable=1024 block=128 file=4096 filter=timed",
                    "memtable=1024 block=128 file=4096 filter=timed period=1",
                    "memtable=2048 block=128 file=4096 filter=timed period=60 background=immediate",
                    "memtable=4096 block=128 file=4096 filter=drop period=1 wal=buffered",
                    "memtable=1024 block=128 file=4096 filter=drop",
                    "memtable=1024 block=128 file=4096 filter=drop background=lazy",
                    "memtable=2048 block=128 file=4096 filter=timed commit=0 wal=buffered background=lazy",
                    "memtable=65536 block=65536 file=1048576 bloom=32 merge=plain",
                    "memtable=1048576 memory=1048576 block=128 file=4096",
                    "memtable=1024 block=128 file=4096 mapped=yes background=immediate",
                    "memtable=4096 block=4096 file=65536 mapped=yes commit=0 filter=drop",
                    "memtable=2048 block=128 file=4096 mapped=yes background=threads commit=0",
                    "memtable=33554432 memory=268435456 block=128 file=4096 merge=plain",
                    "memtable=1024 block=128 file=4096 encryption=on commit=0",
                    "memtable=8192 block=4096 file=65536 encryption=on background=immediate filter=drop",
                    "memtable=1024 block=128 file=4096 compression=lz4 bottom=zstd",
                    "memtable=2048 block=1024 file=4096 compression=zstd bottom=lz4 background=immediate commit=0",
                    "memtable=4096 block=65536 file=16384 bottom=zstd encryption=on background=immediate",
                    "memtable=1024 block=128 file=4096 values=1",
                    "memtable=2048 block=128 file=4096 values=8 filter=drop background=immediate commit=0",
                    "memtable=1024 block=256 file=4096 values=1 filter=timed period=1 rangedel=1",
                    "memtable=4096 block=128 file=4096 values=4 encryption=on bottom=lz4 background=immediate",
                    "memtable=1024 block=128 file=4096 wal=buffered walbytes=65536",
                    "memtable=1048576 wal=synced walbytes=65536 background=lazy",
                    "memtable=8192 block=128 file=4096 wal=synced encryption=on background=immediate vary=yes",
                    "memtable=4096 block=128 file=4096 wal=buffered bottom=lz4 background=threads",
                    "memtable=1024 block=128 file=4096 vary=yes seed=3",
                    "memtable=4096 vary=yes seed=4 background=immediate",
                    "memtable=2048 block=128 file=4096 background=threads commit=0",
                    "memtable=16384 block=512 file=16384 background=threads filter=drop")
            .map(OptionSet::parse)
            .collect(Collectors.toUnmodifiableList());

    private OptionSets() {}

    static List<OptionSet> fixed() {
        return FIXED;
    }

    static OptionSet random(Random random) {
        return OptionSet.parse("memtable=" + (1024 << random.nextInt(8))
                + " block=" + pick(random, "128", "128", "200", "1024", "4096", "65536")
                + " file=" + pick(random, "4096", "4096", "20000", "67108864")
                + " bloom=" + pick(random, "0", "1", "10", "32")
                + " commit=" + pick(random, "0", "1", "60")
                + " memory=" + pick(random, "4194304", "16777216", "67108864")
                + " rangedel=" + pick(random, "1", "300", "1048576")
                + " merge=" + pick(random, "append", "plain")
                + " filter=" + pick(random, "none", "drop", "timed")
                + " period=" + pick(random, "0", "1", "60", "2592000")
                + " encryption=" + pick(random, "none", "none", "on")
                + " compression=" + pick(random, "none", "none", "lz4", "zstd")
                + " bottom=" + pick(random, "none", "lz4", "zstd")
                + " values=" + pick(random, "0", "1", "8", "100")
                + " wal=" + pick(random, "none", "none", "buffered", "synced")
                + " walbytes=" + pick(random, "65536", "1048576")
                + " mapped=" + pick(random, "no", "yes")
                + " background=" + pick(random, "stepped", "stepped", "immediate", "lazy")
                + " vary=" + pick(random, "no", "yes")
                + " seed=" + random.nextInt(1_000_000));
    }

    private static String pick(Random random, String... values) {
        return values[random.nextInt(values.length)];
    }
}
