#!/bin/sh
# make install: the package as it is published, with the packages that it needs, below PREFIX/lib/djbdns-ts; links to
# the programs in PREFIX/bin, man pages and completions in PREFIX/share. `install.sh DESTDIR PREFIX`, after `make
# build`. PREFIX/lib/djbdns-ts is a link to the tree. The new tree is complete before the link is replaced by rename:
# there is no moment without programs. What stands outside it is listed in its file `installed`, from which uninstall.sh
# removes it.
set -e
prefix=$2
root=$1$2
lib=$root/lib/djbdns-ts
umask 022
mkdir -p "$root/lib" "$root/bin" "$root/share/man"
new=$(mktemp -d "$lib.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
mkdir "$new/dist"
cp package.json LICENSE *.md "$new"
cp -R dist/bin dist/src "$new/dist"
cp -R share systemd docs "$new"
npm ls --all --parseable --omit=dev --loglevel=error 2>/dev/null | sed -n 's|.*/node_modules/|node_modules/|p' |
  while read -r package; do
    mkdir -p "$(dirname "$new/$package")"
    cp -R "$package" "$(dirname "$new/$package")"
  done
node dist/tools/man.js docs "$new/man" "$(node -p 'require("./package.json").version')"
[ dist/completion/fish -nt dist/built ] || node dist/tools/completion.js dist/completion
cp -R dist/completion "$new"
{
  echo share/bash-completion/completions/djbdns-ts
  echo share/zsh/site-functions/_djbdns-ts
  echo share/fish/vendor_completions.d/djbdns-ts.fish
} >"$new/installed"
for page in "$new"/man/*; do
  name=${page##*/}
  echo "share/man/man${name##*.}/$name"
done >>"$new/installed"
for main in dist/bin/*.js; do
  name=${main##*/}
  echo "bin/${name%.js}"
done >>"$new/installed"
old=$(cat "$lib/installed" 2>/dev/null || :)
before=$(readlink "$lib" || :)
if [ -d "$lib" ] && [ ! -L "$lib" ]; then # a tree in the place of the link, as earlier versions had it
  before=${new##*/}.before
  mv "$lib" "$root/lib/$before"
fi
ln -s "${new##*/}" "$new.link"
mv -fT "$new.link" "$lib"
trap - EXIT
while read -r path; do
  mkdir -p "$root/${path%/*}"
  case $path in
    share/bash-completion/*) mv "$lib/completion/bash" "$root/$path" ;;
    share/zsh/*) mv "$lib/completion/zsh" "$root/$path" ;;
    share/fish/*) mv "$lib/completion/fish" "$root/$path" ;;
    bin/*) ln -sf "$prefix/lib/djbdns-ts/dist/$path.js" "$root/$path" ;;
    *) mv "$lib/man/${path##*/}" "$root/$path" ;;
  esac
done <"$lib/installed"
rmdir "$lib/man" "$lib/completion"
for path in $old; do
  grep -qx "$path" "$lib/installed" || rm -f "$root/$path"
done
[ -z "$before" ] || rm -rf "$root/lib/$before"
