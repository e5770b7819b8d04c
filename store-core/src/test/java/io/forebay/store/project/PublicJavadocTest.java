package io.forebay.store.project;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Everything public of the three public packages has a comment. Doclint's own check of that asks for a tag for each parameter
 * and result as well, which would repeat the sentence above it.
 */
class PublicJavadocTest {
    private static final List<String> PACKAGES = List.of(
            "store-core/src/main/java/io/forebay/store",
            "kafka-adapter/src/main/java/io/forebay/kafka",
            "flink-adapter/src/main/java/io/forebay/flink");

    private final List<String> bare = new ArrayList<>();
    private int commented;

    @Test
    void everythingPublicHasAComment() throws Exception {
        for (String folder : PACKAGES) {
            look(Path.of("").toAbsolutePath().getParent().resolve(folder));
        }
        assertThat(bare).isEmpty();
        assertThat(commented).isGreaterThan(200);
    }

    private void look(Path folder) throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.list(folder)) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            DocTrees comments = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                for (Tree type : unit.getTypeDecls()) {
                    if (type instanceof ClassTree declared && isPublic(declared.getModifiers(), false)) {
                        look(new TreePath(new TreePath(unit), declared), declared, comments);
                    }
                }
            }
        }
    }

    private void look(TreePath path, ClassTree type, DocTrees comments) {
        check(path, type.getSimpleName().toString(), comments);
        boolean implicit = type.getKind() == Tree.Kind.INTERFACE || type.getKind() == Tree.Kind.ANNOTATION_TYPE;
        for (Tree member : type.getMembers()) {
            TreePath at = new TreePath(path, member);
            if (member instanceof ClassTree inner && isPublic(inner.getModifiers(), implicit)) {
                look(at, inner, comments);
            } else if (member instanceof VariableTree field
                    // Flink's options describe themselves.
                    && !field.getType().toString().startsWith("ConfigOption<")
                    && (isPublic(field.getModifiers(), implicit) || isEnumConstant(type, field))) {
                check(at, type.getSimpleName() + "." + field.getName(), comments);
            } else if (member instanceof MethodTree method
                    && isPublic(method.getModifiers(), implicit)
                    && !overrides(method)
                    // The components of a record are told in the comment of its type.
                    && !(type.getKind() == Tree.Kind.RECORD && method.getName().contentEquals("<init>"))
                    && !isUsualConstructorOfAnException(type, method)) {
                check(at, type.getSimpleName() + "." + method.getName() + method.getParameters(), comments);
            }
        }
    }

    private void check(TreePath path, String name, DocTrees comments) {
        String text = comments.getDocComment(path);
        if (text == null || text.isBlank()) {
            bare.add(name);
        } else {
            commented++;
        }
    }

    private static boolean isPublic(ModifiersTree modifiers, boolean implicit) {
        return modifiers.getFlags().contains(Modifier.PUBLIC)
                || modifiers.getFlags().contains(Modifier.PROTECTED)
                || implicit && !modifiers.getFlags().contains(Modifier.PRIVATE);
    }

    private static boolean isEnumConstant(ClassTree type, VariableTree field) {
        return type.getKind() == Tree.Kind.ENUM
                && field.getType() != null
                && field.getType().toString().equals(type.getSimpleName().toString())
                && field.getModifiers().getFlags().contains(Modifier.STATIC);
    }

    /** That of a message, and of a message and a cause. */
    private static boolean isUsualConstructorOfAnException(ClassTree type, MethodTree method) {
        String parameters = method.getParameters().toString();
        return method.getName().contentEquals("<init>")
                && type.getSimpleName().toString().endsWith("Exception")
                && (parameters.equals("String message") || parameters.equals("String message,Throwable cause"));
    }

    private static boolean overrides(MethodTree method) {
        for (AnnotationTree annotation : method.getModifiers().getAnnotations()) {
            if (annotation.getAnnotationType().toString().equals("Override")) {
                return true;
            }
        }
        return false;
    }
}
