package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import io.forebay.store.util.SlabPlace;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every location leads to the bytes of its frame, whatever came and went before. */
class FrameMemoryTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;

    private record Frame(CacheSlab home, int number, long word, long stamp) {}

    private static final class Model {
        final DirectSlabAllocator regions = new DirectSlabAllocator(64 << 20);
        final FrameMemory memory = new FrameMemory();
        final List<CacheSlab> slabs = new ArrayList<>();
        final List<Frame> frames = new ArrayList<>();

        /** A slab of a region, or of a host; or a buffer with one block. */
        void add(Random random) {
            boolean single = random.nextInt(4) == 0;
            int bytes = single ? SlabPool.wholePages(SLAB + 1 + random.nextInt(6 * SLAB)) : SLAB;
            boolean ofHost = random.nextInt(4) == 0;
            Slab slab = new Slab(ofHost ? ByteBuffer.allocateDirect(bytes) : regions.allocate(bytes));
            SizeClass frameSize = new SizeClass(single ? 0 : 512 << random.nextInt(8));
            CacheSlab added = new CacheSlab(slab, frameSize, ofHost ? null : regions.holders(slab.buffer()));
            assertThat(memory.add(added, ofHost ? null : regions.placeOf(slab.buffer())))
                    .isTrue();
            slabs.add(added);
            while (added.hasFree()) {
                int most = single ? bytes : frameSize.frameBytes();
                long word = added.takeFrame(1 + random.nextInt(most));
                long stamp = random.nextLong();
                memory.slab(word).putLong(FrameMemory.offset(word), stamp);
                frames.add(new Frame(added, added.frame(word), word, stamp));
            }
        }

        void remove(CacheSlab slab) {
            slabs.remove(slab);
            frames.removeIf(frame -> frame.home() == slab);
            long gone = BlockWord.frame(slab.place, 0, 1);
            memory.remove(slab);
            assertThat(memory.home(gone)).isNull();
            if (slab.region != null) {
                regions.release(slab.slab.buffer());
            }
        }

        void check() {
            for (Frame frame : frames) {
                long word = frame.word();
                assertThat(memory.home(word)).isSameAs(frame.home());
                assertThat(memory.slab(word).getLong(FrameMemory.offset(word))).isEqualTo(frame.stamp());
                int inSlab = frame.number()
                        * (frame.home().slab.capacity() / frame.home().frames());
                assertThat(frame.home().slab.getLong(inSlab)).isEqualTo(frame.stamp());
            }
        }
    }

    @Test
    void everyLocationLeadsToItsFrame() {
        Seeded.run(FrameMemoryTest.class, 5, random -> {
            Model model = new Model();
            for (int i = 0; i < 300; i++) {
                if (model.slabs.size() < 10 || random.nextInt(5) < 3 && model.slabs.size() < 100) {
                    model.add(random);
                } else {
                    model.remove(model.slabs.get(random.nextInt(model.slabs.size())));
                }
                if (i % 50 == 49) {
                    model.check();
                }
            }
        });
    }

    /** What a word has room for, at both ends of each field. */
    @Test
    void aWordKeepsWhatItIsGiven() {
        for (int location : new int[] {0, 1, 127, 128, (1 << BlockWord.LOCATION_BITS) - 1}) {
            for (int length : new int[] {1, 65_535, 65_536, Integer.MAX_VALUE}) {
                for (boolean own : new boolean[] {false, true}) {
                    long word = BlockWord.frame(BlockWord.place(own, location), 0, length);
                    assertThat(BlockWord.location(word)).isEqualTo(location);
                    assertThat(BlockWord.length(word)).isEqualTo(length > 65_535 ? 0 : length);
                    assertThat(BlockWord.isOwn(word)).isEqualTo(own);
                    assertThat(BlockWord.isPresent(word)).isFalse();
                    assertThat(BlockWord.pins(word)).isOne();
                }
            }
        }
    }

    @Test
    void withoutALocationASlabIsRefused() {
        FrameMemory memory = new FrameMemory();
        Slab one = new Slab(ByteBuffer.allocate(SLAB));
        SizeClass whole = new SizeClass(SLAB);
        List<CacheSlab> added = new ArrayList<>();
        for (int i = 0; i < 1 << 16; i++) {
            CacheSlab slab = new CacheSlab(one, whole, null);
            assertThat(memory.add(slab, new SlabPlace(new Slab(ByteBuffer.allocate(0)), 0)))
                    .isTrue();
            added.add(slab);
        }
        SlabPlace another = new SlabPlace(new Slab(ByteBuffer.allocate(0)), 0);
        assertThat(memory.add(new CacheSlab(one, whole, null), another)).isFalse();
        memory.remove(added.get(3));
        assertThat(memory.add(new CacheSlab(one, whole, null), another)).isTrue();
    }
}
