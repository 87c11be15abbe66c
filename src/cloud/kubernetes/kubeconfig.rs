//! The files of a kubeconfig, and the entries in them by name.
//!
//! Owns which files count and which of several entries wins: as in kubectl, the first file that has a name has all of it. Entries
//! that nobody asks for are not looked at. Must not know what an entry means (`context`). Source: k8s.io/client-go v0.36.3,
//! `tools/clientcmd/loader.go` and `api/v1/conversion.go`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::nearest::nearest;
use crate::python::json;
use crate::python::yaml::{self, Document, Id, Object};
use crate::shown::shown;

/// The files of a kubeconfig, in order.
pub(super) struct Kubeconfig(Vec<File>);

struct File {
    path: PathBuf,
    document: Document,
}

/// A mapping of a file: the body of a cluster, a user or a context, or a part of it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    file: &'a File,
    id: Id,
    /// What it is, as in "user".
    kind: &'a str,
    name: &'a str,
}

impl File {
    /// Refuses two entries of one name, as kubectl does even if nobody asks for them.
    fn refuse_repeated_names(&self) -> Result<()> {
        for list in ["clusters", "contexts", "users"] {
            let mut names: Vec<(&str, Id)> = Vec::new();
            for item in items(self, list) {
                let name = named_so(self, item).unwrap_or_default();
                if let Some((_, first)) = names.iter().find(|(other, _)| *other == name) {
                    return Err(Error::usage(format!(
                        "{} has two entries `{}` in `{list}`, in lines {} and {}",
                        named(&self.path),
                        shown(name),
                        self.document.line(*first),
                        self.document.line(item)
                    ))
                    .with_hint("remove one of the two"));
                }
                names.push((name, item));
            }
        }
        Ok(())
    }
}

impl Kubeconfig {
    /// Reads the files that `KUBECONFIG` lists, or `~/.kube/config`. Files that do not exist are skipped.
    ///
    /// # Errors
    /// A file that cannot be read or is not a kubeconfig (status 2); no file at all (4).
    pub(super) fn read(env: &Env, deadline: Instant) -> Result<Self> {
        let paths = paths(env);
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            match file::read(path, deadline) {
                Ok(bytes) => {
                    let document = parse(path, bytes.expose(), deadline)?;
                    let file = File {
                        document,
                        path: path.clone(),
                    };
                    file.refuse_repeated_names()?;
                    files.push(file);
                }
                Err(source) if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(Error::usage(format!("{} cannot be read", named(path))).with_source(source));
                }
            }
        }
        if files.is_empty() {
            return Err(nothing(env, &paths));
        }
        Ok(Self(files))
    }

    /// Returns the name of the current context, and the file that sets it.
    ///
    /// # Errors
    /// No current context, with status 2.
    pub(super) fn current_context(&self) -> Result<(&str, &Path)> {
        for file in &self.0 {
            let root = file.document.root();
            let name = root.and_then(|root| file.document.get(root, "current-context"));
            if let Some(name) = name
                .and_then(|id| file.document.text(id))
                .filter(|name| !name.is_empty())
            {
                return Ok((name, &file.path));
            }
        }
        let names = self.names("contexts");
        let hint = match names.as_slice() {
            [] => "`kubectl config set-context` makes one".to_owned(),
            [only, ..] => format!("`kubectl config use-context {only}` sets it"),
        };
        Err(Error::usage(format!("{} has no `current-context`", named(&self.0[0].path))).with_hint(hint))
    }

    /// Returns the entry `name` of `list` ("clusters", "users" or "contexts"), whose body is under `kind`.
    ///
    /// # Errors
    /// No such entry, or a body that is not a mapping, with status 2.
    pub(super) fn entry<'a>(&'a self, list: &str, kind: &'a str, name: &'a str) -> Result<Entry<'a>> {
        for file in &self.0 {
            let Some(item) = items(file, list).find(|item| named_so(file, *item) == Some(name)) else {
                continue;
            };
            let body = file.document.get(item, kind);
            return match body.filter(|id| file.document.entries(*id).is_some()) {
                Some(id) => Ok(Entry { file, id, kind, name }),
                None => Err(Error::usage(format!(
                    "{} `{}` in {} has no mapping `{kind}`",
                    kind,
                    shown(name),
                    named(&file.path)
                ))),
            };
        }
        let error = Error::usage(format!("the kubeconfig has no {kind} `{}`", shown(name)))
            .with_detail(format!("it is {}", self.all_named()));
        if let Some((name, place)) = self.nearest(list, name) {
            return Err(error.with_hint(format!("did you mean `{name}`, in {place}?")));
        }
        let there = self.names(list);
        Err(match there.as_slice() {
            [] => error.with_hint(format!("add it under `{list}`")),
            _ => error.with_hint(format!("`{list}` has {}", there.join(", "))),
        })
    }

    /// Returns the name in `list` that is nearest to `name`, and its place.
    fn nearest(&self, list: &str, name: &str) -> Option<(String, String)> {
        let all = self.0.iter().flat_map(|file| {
            items(file, list).filter_map(move |item| Some((named_so(file, item)?, file, item)))
        });
        let all: Vec<_> = all.collect();
        let names: Vec<&str> = all.iter().map(|(name, ..)| *name).collect();
        let found = nearest(name, &names)?;
        let (name, file, item) = all.into_iter().find(|(name, ..)| *name == found)?;
        let place = format!("{}, line {}", named(&file.path), file.document.line(item));
        Some((shown(name), place))
    }

    /// Returns the names in `list` of all files, for messages.
    fn names(&self, list: &str) -> Vec<String> {
        const MOST: usize = 5;
        let names = self
            .0
            .iter()
            .flat_map(|file| items(file, list).filter_map(|item| named_so(file, item)));
        names.take(MOST).map(shown).collect()
    }

    fn all_named(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|file| named(&file.path)).collect();
        names.join(", ")
    }
}

impl<'a> Entry<'a> {
    /// Returns a text field; one that is absent, null or empty is `None`.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>> {
        let Some(id) = self.get(field) else {
            return Ok(None);
        };
        match self.file.document.text(id) {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(self.fault(field, "must be text")),
        }
    }

    /// Returns a boolean field; one that is absent is false.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn flag(&self, field: &str) -> Result<bool> {
        match self.get(field).map(|id| self.file.document.object(id)) {
            None => Ok(false),
            Some(Object::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.fault(field, "must be true or false")),
        }
    }

    /// Returns a path field, resolved in the folder of the file.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn path(&self, field: &str) -> Result<Option<PathBuf>> {
        Ok(self.text(field)?.map(|path| self.resolved(path)))
    }

    /// Resolves a path in the folder of the file.
    pub(super) fn resolved(&self, path: &str) -> PathBuf {
        let folder = self.file.path.parent().unwrap_or(Path::new(""));
        let path = folder.join(path);
        // A plugin runs in this folder too, so a failure only leaves the path relative.
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Returns a field in base64.
    ///
    /// # Errors
    /// Another type, or invalid base64, with status 2.
    pub(super) fn data(&self, field: &str) -> Result<Option<Vec<u8>>> {
        use base64::Engine as _;
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let base64: Vec<u8> = text.bytes().filter(|byte| !b"\r\n".contains(byte)).collect();
        let data = base64::engine::general_purpose::STANDARD.decode(base64);
        data.map(Some)
            .map_err(|_| self.fault(field, "is not valid base64"))
    }

    /// Returns a field that is a list of texts.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<&'a str>> {
        let Some(id) = self.get(field) else {
            return Ok(Vec::new());
        };
        let document = &self.file.document;
        let texts = document
            .list(id)
            .map(|items| items.map(|item| document.text(item)).collect());
        let texts: Option<Vec<_>> = texts.flatten();
        texts.ok_or_else(|| self.fault(field, "must be a list of texts"))
    }

    /// Returns a field that is a mapping.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn mapping(&self, field: &str) -> Result<Option<Self>> {
        match self.get(field) {
            None => Ok(None),
            Some(id) if self.file.document.entries(id).is_some() => Ok(Some(Self { id, ..*self })),
            Some(_) => Err(self.fault(field, "must be a mapping")),
        }
    }

    /// Returns a field that is a list of mappings.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(super) fn mappings(&self, field: &str) -> Result<Vec<Self>> {
        let Some(id) = self.get(field) else {
            return Ok(Vec::new());
        };
        let document = &self.file.document;
        let is_mapping = |item: &Id| document.entries(*item).is_some();
        match document.list(id).map(Iterator::collect::<Vec<_>>) {
            Some(items) if items.iter().all(is_mapping) => {
                Ok(items.into_iter().map(|id| Self { id, ..*self }).collect())
            }
            _ => Err(self.fault(field, "must be a list of mappings")),
        }
    }

    /// Returns the keys that are text.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        let document = &self.file.document;
        let entries = document.entries(self.id).into_iter().flatten();
        entries.filter_map(|(key, _)| document.text(key)).collect()
    }

    /// Returns a field as JSON; `None` if it is absent.
    ///
    /// # Errors
    /// A value without a JSON form, with status 2.
    pub(super) fn json(&self, field: &str) -> Result<Option<json::Value>> {
        let Some(id) = self.get(field) else {
            return Ok(None);
        };
        let document = &self.file.document;
        let value = document.to_json(id, &mut document.budget());
        value
            .map(Some)
            .map_err(|cause| self.fault(field, &format!("has no form in JSON: it has {}", cause.what())))
    }

    /// Returns whether a field is there and not null.
    pub(super) fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    /// Makes the error of a field, as in "`token` of user `x` in `~/.kube/config` must be text".
    pub(super) fn fault(&self, field: &str, what: &str) -> Error {
        Error::usage(format!("`{field}` of {} {what}", self.described()))
    }

    /// Returns what it is, as in "user `x` in `/home/me/.kube/config`, line 7".
    pub(super) fn described(&self) -> String {
        format!(
            "{} `{}` in {}, line {}",
            self.kind,
            shown(self.name),
            named(&self.file.path),
            self.file.document.line(self.id)
        )
    }

    fn get(&self, field: &str) -> Option<Id> {
        let id = self.file.document.get(self.id, field)?;
        (!matches!(self.file.document.object(id), Object::Null)).then_some(id)
    }
}

/// Returns the paths of the files, each once.
fn paths(env: &Env) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    match env.non_empty("KUBECONFIG") {
        Some(list) => {
            for path in std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()) {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        None => paths.extend(
            env.non_empty("HOME")
                .map(|home| Path::new(home).join(".kube/config")),
        ),
    }
    paths
}

fn parse(path: &Path, bytes: &[u8], deadline: Instant) -> Result<Document> {
    let refused = |what: &str| Error::usage(format!("{} is not a kubeconfig: {what}", named(path)));
    let text = std::str::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))?;
    let document = yaml::safe_load_until(text, deadline).map_err(|cause| {
        let line = cause
            .line()
            .map(|line| format!(" (line {line})"))
            .unwrap_or_default();
        refused(&format!("{cause}{line}"))
    })?;
    match document.root() {
        Some(root) if document.entries(root).is_none() => Err(refused("it is not a mapping")),
        _ => Ok(document),
    }
}

/// Returns the items of a list of the file.
fn items<'a>(file: &'a File, list: &str) -> impl Iterator<Item = Id> + 'a {
    let document = &file.document;
    let list = document.root().and_then(|root| document.get(root, list));
    let items = list.and_then(|list| document.list(list));
    items.into_iter().flatten()
}

fn named_so(file: &File, item: Id) -> Option<&str> {
    let name = file.document.get(item, "name")?;
    file.document.text(name)
}

/// Returns a file's name for messages.
pub(super) fn named(path: &Path) -> String {
    format!("`{}`", shown(&path.display().to_string()))
}

/// Makes the error of a machine that is neither a pod nor has a kubeconfig.
fn nothing(env: &Env, paths: &[PathBuf]) -> Error {
    let error = Error::denied("there is no credential for a Kubernetes cluster").with_detail(
        "this is not a pod: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are not set",
    );
    let names: Vec<String> = paths.iter().map(|path| named(path)).collect();
    match (env.non_empty("KUBECONFIG"), names.as_slice()) {
        (Some(_), _) => error
            .with_detail(format!("no file of `KUBECONFIG` exists: {}", names.join(", ")))
            .with_hint("set `KUBECONFIG` to a kubeconfig"),
        (None, []) => error.with_hint("set `KUBECONFIG` to a kubeconfig"),
        (None, _) => error
            .with_detail(format!("{} does not exist", names.join(", ")))
            .with_hint("set `KUBECONFIG`, or write the kubeconfig there"),
    }
}
