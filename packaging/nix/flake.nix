{
  # From a checkout: nix build ./packaging/nix
  # From elsewhere:  nix run "git+https://…?dir=packaging/nix"
  description = "Resolves Apache Airflow's connections, variables and configuration options from its secrets backends, without Python";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      each = nixpkgs.lib.genAttrs systems;
      root = ../..;
      # The one place of version, licence and addresses.
      manifest = (builtins.fromTOML (builtins.readFile (root + "/Cargo.toml"))).package;
    in
    {
      packages = each (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          lib = pkgs.lib;
        in
        {
          default = pkgs.rustPlatform.buildRustPackage {
            pname = manifest.name;
            version = manifest.version;
            src = lib.fileset.toSource {
              inherit root;
              fileset = lib.fileset.unions (
                map (path: root + path) [
                  "/Cargo.toml"
                  "/Cargo.lock"
                  "/build.rs"
                  "/src"
                  "/benches"
                  "/tests"
                  "/README.md"
                ]
              );
            };
            cargoLock.lockFile = root + "/Cargo.lock";
            nativeBuildInputs = [ pkgs.installShellFiles ];
            # The tests need Airflow and servers: scripts/test.
            doCheck = false;
            postInstall = lib.optionalString (pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform) ''
              for shell in bash zsh fish; do
                $out/bin/secretctl completions $shell > secretctl.$shell
              done
              installShellCompletion secretctl.{bash,zsh,fish}
              $out/bin/secretctl man > secretctl.1
              installManPage secretctl.1
            '';
            doInstallCheck = true;
            installCheckPhase = "$out/bin/secretctl --version";
            meta = {
              inherit (manifest) description homepage;
              license = lib.licenses.asl20;
              mainProgram = manifest.name;
            };
          };
        }
      );

      apps = each (system: {
        default = {
          type = "app";
          program = "${self.packages.${system}.default}/bin/secretctl";
        };
      });
    };
}
