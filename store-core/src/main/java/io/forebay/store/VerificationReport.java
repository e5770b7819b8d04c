package io.forebay.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a verification found. Immutable. {@link #toString()} is meant for logs and people.
 *
 * @param place where the store is
 * @param files the manifest (of a backup: its metadata), every SST, and the write-ahead logs if the store has some,
 *     each with what is wrong with it
 * @param remarks facts that are worth knowing and are no damage, like files that no part of the store refers to, or
 *     write-ahead logs of an open store that could not be read because they changed too often meanwhile
 * @param complete false when the verification was interrupted, so that files are missing in the report
 * @param duration how long the verification took
 */
public record VerificationReport(
        String place, List<VerifiedFile> files, List<String> remarks, boolean complete, Duration duration) {

    public VerificationReport {
        Objects.requireNonNull(place, "place");
        Objects.requireNonNull(duration, "duration");
        files = List.copyOf(files);
        remarks = List.copyOf(remarks);
    }

    /**
     * Something that is wrong.
     *
     * @param file name of the file inside its directory
     * @param offset byte offset in the file, or -1 when the damage has no single place
     * @param expected what should have been there, for people
     * @param found what was there, for people
     */
    public record Finding(String file, long offset, String expected, String found) {
        @Override
        public String toString() {
            return file + (offset < 0 ? "" : " at offset " + offset) + ": expected " + expected + ", found " + found;
        }
    }

    /**
     * One file that was verified.
     *
     * @param name name of the file inside its directory; {@code WAL} for all write-ahead logs together that have no
     *     damage
     * @param bytes the length that the file should have; 0 for write-ahead logs
     * @param blocks blocks that were read and are undamaged
     * @param entries entries in those blocks; of a manifest its records; of write-ahead logs writes and commits
     * @param findings what is wrong with the file, at most 100 findings; empty when nothing is wrong
     * @param moreFindings number of further findings
     */
    public record VerifiedFile(
            String name, long bytes, long blocks, long entries, List<Finding> findings, long moreFindings) {
        public VerifiedFile {
            findings = List.copyOf(findings);
        }

        /** True when nothing is wrong with it. */
        public boolean isClean() {
            return findings.isEmpty();
        }
    }

    /** True when the whole store was verified and nothing is wrong. Remarks do not count. */
    public boolean isClean() {
        return complete && files.stream().allMatch(VerifiedFile::isClean);
    }

    /** The findings of all files. */
    public List<Finding> findings() {
        List<Finding> all = new ArrayList<>();
        files.forEach(file -> all.addAll(file.findings()));
        return all;
    }

    /** Bytes of all files except write-ahead logs. */
    public long bytes() {
        return files.stream().mapToLong(VerifiedFile::bytes).sum();
    }

    /** Blocks that were read and are undamaged. */
    public long blocks() {
        return files.stream().mapToLong(VerifiedFile::blocks).sum();
    }

    /** Entries in those blocks. */
    public long entries() {
        return files.stream().mapToLong(VerifiedFile::entries).sum();
    }

    /** A line with the sum of it, a line for each finding, and one for each remark. */
    @Override
    public String toString() {
        long damaged = files.stream().filter(file -> !file.isClean()).count();
        StringBuilder text = new StringBuilder(place).append(": ");
        if (!complete) {
            text.append("interrupted; so far ");
        }
        text.append(damaged == 0 ? "clean" : damaged + " of " + files.size() + " files damaged");
        text.append(", ")
                .append(files.size())
                .append(" files, ")
                .append(bytes())
                .append(" bytes, ");
        text.append(blocks()).append(" blocks, ").append(entries()).append(" entries, ");
        text.append(duration.toMillis()).append(" ms");
        for (VerifiedFile file : files) {
            file.findings().forEach(finding -> text.append("\n  ").append(finding));
            if (file.moreFindings() > 0) {
                text.append("\n  ")
                        .append(file.name())
                        .append(": and ")
                        .append(file.moreFindings())
                        .append(" more");
            }
        }
        remarks.forEach(remark -> text.append("\n  remark: ").append(remark));
        return text.toString();
    }
}
