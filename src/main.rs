//! The program: see the library's documentation.

fn main() -> std::process::ExitCode {
    storyfold::cli::main()
}
