//! A file below a granted folder, through WASI's own interfaces. The standard
//! library would do, but imports ten interfaces more than it needs here, from the
//! environment to the terminal.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

/// A regular file, open for reading.
pub struct File {
    descriptor: Descriptor,
    length: u64,
    position: u64,
}

impl File {
    /// Opens a file by its path in the guest. Links are not followed out of the
    /// granted folder, which the host sees to.
    pub fn open(path: &str) -> io::Result<Self> {
        for (folder, name) in preopens::get_directories() {
            let Some(inside) = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            let descriptor = folder
                .open_at(PathFlags::empty(), inside, OpenFlags::empty(), DescriptorFlags::READ)
                .map_err(io_error)?;
            let status = descriptor.stat().map_err(io_error)?;
            if status.type_ != DescriptorType::RegularFile {
                return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
            }
            return Ok(Self { descriptor, length: status.size, position: 0 });
        }
        Err(io::Error::new(ErrorKind::PermissionDenied, "not in a granted folder"))
    }
}

impl Read for File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (bytes, _) = self.descriptor.read(into.len() as u64, self.position).map_err(io_error)?;
        // The host gives no more than was asked; the slice would trap if it did.
        into[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        // What a seek may reach is what a read can ask for.
        self.position = target.filter(|&to| to <= i64::MAX as u64).ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// WASI's code in words that name no path.
fn io_error(code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::NoEntry => ErrorKind::NotFound,
        ErrorCode::Access | ErrorCode::NotPermitted => ErrorKind::PermissionDenied,
        ErrorCode::IsDirectory => ErrorKind::IsADirectory,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, code.message())
}
