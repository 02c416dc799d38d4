/// Media types by file extension.
///
/// - Source: the IANA media type registry and `mime-db`, in the choice its `mime-types` makes where an
///   extension has several.

/// The media type for a file extension such as `html`, in any case, with or without a dot; nil if it
/// is unknown. A file name or path counts by its last extension.
package func mimeType(forExtension name: String) -> String? {
  var bytes = Bytes(name)
  let slash = bytes.lastIndex(of: 0x2F)
  if let slash { bytes = bytes[(slash + 1)...] }
  if let dot = bytes.lastIndex(of: 0x2E) {
    bytes = bytes[(dot + 1)...]
  } else if slash != nil {
    return nil
  }
  return typesByExtension[bytes.lowercasedText]
}

/// The value of `Content-Type` for a media type, or for an extension or file name, told apart by the
/// slash: with `; charset=utf-8` where text is meant and no charset is given.
///
///     contentType(for: "html")       // "text/html; charset=utf-8"
///     contentType(for: "image/png")  // "image/png"
///
/// - Returns: nil for an unknown extension.
/// - Source: `mime-types` `contentType`, which Koa's `ctx.type = …` uses.
package func contentType(for name: String) -> String? {
  guard let type = name.utf8.contains(0x2F) ? name : mimeType(forExtension: name) else {
    return nil
  }
  guard let parsed = MediaType(type), parsed.parameter("charset") == nil, isText(parsed) else {
    return type
  }
  return type + "; charset=utf-8"
}

/// Whether the type is text that UTF-8 is the charset of: `text/…`, JSON, web manifests, scripts.
package func isText(_ type: MediaType) -> Bool {
  if type.type == "text" { return true }
  guard type.type == "application" else { return false }
  return ["json", "manifest+json", "javascript"].contains(type.subtype)
}

private let typesByExtension: [String: String] = {
  var types: [String: String] = [:]
  for line in extensionTable.split(separator: "\n") {
    var words = line.split(separator: " ")
    let type = String(words.removeFirst())
    for word in words { types[String(word)] = type }
  }
  return types
}()

/// A line is a media type and its extensions.
private let extensionTable = """
  text/html html htm shtml
  text/css css
  text/javascript js mjs cjs
  text/plain txt text log conf def list ini in
  text/csv csv
  text/tab-separated-values tsv
  text/markdown md markdown
  text/calendar ics ifb
  text/vcard vcard
  text/x-vcard vcf
  text/vtt vtt
  text/yaml yaml yml
  text/cache-manifest appcache manifest
  text/coffeescript coffee litcoffee
  text/jsx jsx
  text/less less
  text/x-scss scss
  text/x-sass sass
  text/stylus stylus styl
  text/x-c c h cc cpp cxx hh
  text/x-java-source java
  text/x-lua lua
  text/rtf rtx
  text/sgml sgml sgm
  text/uri-list uri uris urls
  text/x-component htc
  text/x-handlebars-template hbs
  text/jade jade
  text/slim slim
  text/mathml mml
  application/json json map
  application/json5 json5
  application/manifest+json webmanifest
  application/ld+json jsonld
  application/geo+json geojson
  application/xml xml xsl xsd rng
  application/xhtml+xml xhtml xht
  application/xslt+xml xslt
  application/atom+xml atom
  application/rss+xml rss
  application/rdf+xml rdf owl
  application/wasm wasm
  application/pdf pdf
  application/rtf rtf
  application/postscript ps eps ai
  application/zip zip
  application/gzip gz
  application/x-tar tar
  application/x-bzip2 bz2 boz
  application/x-bzip bz
  application/x-xz xz
  application/zstd zst
  application/x-7z-compressed 7z
  application/vnd.rar rar
  application/java-archive jar war ear
  application/x-sh sh
  application/x-csh csh
  application/x-perl pl pm
  application/x-httpd-php php
  application/x-shockwave-flash swf
  application/x-tex tex
  application/x-latex latex
  application/x-sql sql
  application/x-x509-ca-cert der crt pem
  application/pkcs10 p10
  application/pkcs7-mime p7m p7c
  application/pgp-encrypted pgp
  application/pgp-signature asc sig
  application/octet-stream bin exe dll deb dmg iso img msi msp msm so dump buffer pkg
  application/vnd.android.package-archive apk
  application/vnd.apple.mpegurl m3u8
  application/dash+xml mpd
  application/vnd.ms-excel xls xlm xla xlc xlt xlw
  application/vnd.ms-powerpoint ppt pps pot
  application/vnd.ms-fontobject eot
  application/msword doc dot
  application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
  application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
  application/vnd.oasis.opendocument.text odt
  application/vnd.oasis.opendocument.spreadsheet ods
  application/vnd.oasis.opendocument.presentation odp
  application/epub+zip epub
  application/vnd.amazon.ebook azw
  application/vnd.google-earth.kml+xml kml
  application/vnd.google-earth.kmz kmz
  application/graphql gql graphql
  application/toml toml
  application/x-bittorrent torrent
  application/x-rpm rpm
  application/vnd.sqlite3 sqlite sqlite3
  application/vnd.visio vsd
  image/png png
  image/jpeg jpg jpeg jpe
  image/gif gif
  image/webp webp
  image/avif avif
  image/apng apng
  image/svg+xml svg svgz
  image/x-icon ico
  image/bmp bmp
  image/tiff tif tiff
  image/heic heic
  image/heif heif
  image/jxl jxl
  image/jp2 jp2 jpg2
  image/vnd.adobe.photoshop psd
  image/x-xbitmap xbm
  image/vnd.djvu djvu djv
  image/ktx ktx
  font/woff woff
  font/woff2 woff2
  font/ttf ttf
  font/otf otf
  font/collection ttc
  audio/mpeg mp3 mpga mp2
  audio/mp4 m4a mp4a
  audio/aac aac adts
  audio/ogg ogg oga spx opus
  audio/wav wav
  audio/webm weba
  audio/x-flac flac
  audio/midi mid midi kar rmi
  audio/x-aiff aif aiff aifc
  audio/x-mpegurl m3u
  audio/amr amr
  video/mp4 mp4 mp4v mpg4
  video/webm webm
  video/ogg ogv
  video/mpeg mpeg mpg mpe m1v m2v
  video/mp2t ts m2t m2ts mts
  video/quicktime mov qt
  video/x-msvideo avi
  video/x-ms-wmv wmv
  video/x-flv flv
  video/x-matroska mkv mk3d mks
  video/3gpp 3gp 3gpp
  video/3gpp2 3g2
  video/x-m4v m4v
  model/gltf+json gltf
  model/gltf-binary glb
  model/obj obj
  model/stl stl
  message/rfc822 eml mime
  """
