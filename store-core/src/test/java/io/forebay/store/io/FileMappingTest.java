package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileSystem;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.util.Slab;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When files are mapped, what is counted of them, and when they are unmapped. */
@Tag("smoke")
class FileMappingTest {
    private static final String NAME = "file";
    private static final byte[] CONTENT = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    @TempDir
    private File directory;

    private final ManualClock clock = new ManualClock();
    private int unmapped;

    /** A file in memory that can be mapped, or that fails when it is mapped. */
    private final class Mappable extends ForwardingFileStore.Reader implements MappableFile {
        private final IOException failure;

        Mappable(ReadableFile file, IOException failure) {
            super(file);
            this.failure = failure;
        }

        @Override
        public boolean isMappable() {
            return true;
        }

        @Override
        public FileMapping map() throws IOException {
            if (failure != null) {
                throw failure;
            }
            return new FileMapping(ByteBuffer.wrap(CONTENT), () -> unmapped++);
        }
    }

    /** Says before one was opened that its files can be mapped. */
    private abstract static class Mapping extends ForwardingFileStore implements MappableFiles {
        Mapping() {
            super(new MemoryFileStore());
        }

        @Override
        public boolean areMappable() {
            return true;
        }
    }

    private FileStore mappable(IOException failure) {
        return new Mapping() {
            @Override
            public ReadableFile open(String name) throws IOException {
                return new Mappable(super.open(name), failure);
            }
        };
    }

    private static PooledFile file(FileStore files, MappedFiles mapped, String name) throws IOException {
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(CONTENT));
        }
        return new OpenFiles(1, mapped).file(files, name);
    }

    @Test
    void aLocalFileIsReadWhereItLies() throws IOException {
        FileStore files = new LocalFileStore(directory);
        MappedFiles mapped = new MappedFiles(true, clock);
        PooledFile file = file(files, mapped, NAME);
        FileMapping mapping = file.mapping();
        assertThat(mapping != null).isEqualTo(MappedFiles.isPossible());
        assumeTrue(mapping != null);
        Slab slab = mapping.slab();
        file.close();
        files.delete(NAME);
        assertThat(slab.toByteArray(0, CONTENT.length)).isEqualTo(CONTENT);
        assertThat(slab.getLong(1)).isEqualTo(0x0203040506070809L);
        assertThat(mapping.isResident(1, 8)).as("it was just read").isTrue();
        assertThat(mapped.files()).isOne();
        assertThat(mapped.bytes()).isEqualTo(CONTENT.length);
        file.unmap();
        file.unmap();
        assertThat(mapped.files()).isZero();
        assertThat(mapped.bytes()).isZero();
        assertThatThrownBy(() -> slab.getLong(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> slab.toByteArray(0, 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> slab.putByte(0, (byte) 0)).isInstanceOf(RuntimeException.class);
    }

    @Test
    void anEmptyFileIsNotMapped() throws IOException {
        FileStore files = new LocalFileStore(directory);
        files.create(NAME).close();
        MappedFiles mapped = new MappedFiles(true, clock);
        assertThat(new OpenFiles(1, mapped).file(files, NAME).mapping()).isNull();
        assertThat(mapped.files()).isZero();
    }

    @Test
    void thereIsOneMappingOfAFile() throws IOException {
        MappedFiles mapped = new MappedFiles(true, clock);
        PooledFile file = file(mappable(null), mapped, NAME);
        assertThat(file.isMapped()).isFalse();
        FileMapping mapping = file.mapping();
        assertThat(file.mapping()).isSameAs(mapping);
        assertThat(file.isMapped()).isTrue();
        assertThat(mapped.files()).isOne();
        file.close();
        assertThat(unmapped).as("still read in place").isZero();
        assertThatThrownBy(file::mapping).isInstanceOf(IOException.class).hasMessageContaining("closed");
        file.unmap();
        assertThat(unmapped).isOne();
        assertThat(file.isMapped()).isFalse();
    }

    @Test
    void noFileIsMappedUnlessWanted() throws IOException {
        MappedFiles mapped = MappedFiles.none();
        assertThat(file(mappable(null), mapped, NAME).mapping()).isNull();
        assertThat(mapped.files()).isZero();
    }

    @Test
    void afterARefusalOfTheSystemNoFurtherFileIsMapped() throws IOException {
        MappedFiles mapped = new MappedFiles(true, clock);
        PooledFile before = file(mappable(null), mapped, "before");
        assertThat(before.mapping()).isNotNull();
        assertThat(file(mappable(new MappingRefusedException("Map failed", null)), mapped, "refused")
                        .mapping())
                .isNull();
        assertThat(file(mappable(null), mapped, "after").mapping()).isNull();
        assertThat(before.mapping()).isNotNull();
        assertThat(mapped.files()).isOne();
        before.unmap();
        assertThat(mapped.files()).isZero();
        assertThat(mapped.bytes()).isZero();
    }

    @Test
    void aFileThatCannotBeOpenedOnceMoreKeepsNoOtherFromBeingMapped() throws IOException {
        MappedFiles mapped = new MappedFiles(true, clock);
        assertThat(file(mappable(new IOException("Too many open files")), mapped, "failed")
                        .mapping())
                .isNull();
        assertThat(mapped.files()).isZero();
        assertThat(file(mappable(null), mapped, "after").mapping()).isNotNull();
    }

    @Test
    void aFileSystemWithoutMappingsIsReadAsBefore() throws IOException {
        FileStore files = LocalCrashes.files(new CrashFileSystem(true), "/directory");
        MappedFiles mapped = new MappedFiles(true, clock);
        assertThat(file(files, mapped, NAME).mapping()).isNull();
        assertThat(mapped.files()).isZero();
    }

    @Test
    void aSystemThatDoesNotSayWhatIsInMemoryIsAsOneThatRefuses() throws IOException {
        MappedFiles mapped = new MappedFiles(true, clock);
        FileStore silent = new Mapping() {
            @Override
            public ReadableFile open(String name) throws IOException {
                return new Silent(super.open(name));
            }
        };
        assertThat(file(silent, mapped, "silent").mapping()).isNull();
        assertThat(unmapped).isOne();
        assertThat(mapped.files()).isZero();
        assertThat(file(mappable(null), mapped, "after").mapping()).isNull();
    }

    private final class Silent extends ForwardingFileStore.Reader implements MappableFile {
        Silent(ReadableFile file) {
            super(file);
        }

        @Override
        public boolean isMappable() {
            return true;
        }

        @Override
        public FileMapping map() {
            return new FileMapping(ByteBuffer.wrap(CONTENT), () -> unmapped++) {
                @Override
                public boolean isResident(int at, int length) throws IOException {
                    throw new IOException("mincore failed");
                }
            };
        }
    }

    @Test
    void mappingsAreLimited() throws IOException {
        MappingLimit limit = new MappingLimit(3);
        MappedFiles one = new MappedFiles(true, clock, limit);
        MappedFiles other = new MappedFiles(true, clock, limit);
        MappableFile file = new Mappable(null, null);
        FileMapping first = one.tryMap(file);
        assertThat(first).isNotNull();
        assertThat(other.tryMap(file)).isNotNull();
        assertThat(one.tryMap(new Mappable(null, new IOException("Map failed"))))
                .isNull();
        FileStore files = mappable(null);
        assertThat(other.mayMap(files)).isTrue();
        assertThat(other.tryMap(file)).isNotNull();
        assertThat(other.mayMap(files)).isFalse();
        assertThat(other.tryMap(file)).isNull();
        one.unmap(first);
        assertThat(other.tryMap(file)).isNotNull();
        assertThat(other.files()).isEqualTo(3);
        assertThat(other.tryMap(file)).isNull();
    }

    @Test
    void allEnvironmentsShareOneLimit() {
        MappableFile file = new Mappable(null, null);
        List<MappedFiles> environments = new ArrayList<>();
        List<FileMapping> mappings = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            MappedFiles environment = new MappedFiles(true, clock);
            environments.add(environment);
            mappings.add(environment.tryMap(file));
        }
        assertThat(MappingLimit.PROCESS.mapped()).isGreaterThanOrEqualTo(3);
        for (int i = 0; i < 3; i++) {
            environments.get(i).unmap(mappings.get(i));
        }
    }

    @Test
    void theLimitIsAQuarterOfThatOfTheSystem() throws IOException {
        Path system = directory.toPath().resolve("max_map_count");
        assertThat(MappingLimit.most(system)).as("not Linux").isEqualTo(16_384);
        for (Map.Entry<String, Integer> count : Map.of(
                        "65530\n", 16_382, "1000\n", 250, "1048576\n", 16_384, "3\n", 0, "\n", 16_384)
                .entrySet()) {
            Files.writeString(system, count.getKey());
            assertThat(MappingLimit.most(system)).as(count.getKey()).isEqualTo(count.getValue());
        }
        if (Files.exists(MappingLimit.SYSTEM)) {
            try (BufferedReader lines = Files.newBufferedReader(MappingLimit.SYSTEM)) {
                assertThat((long) MappingLimit.most(MappingLimit.SYSTEM))
                        .isEqualTo(Math.min(16_384, Long.parseLong(lines.readLine()) / 4));
            }
        }
    }
}
